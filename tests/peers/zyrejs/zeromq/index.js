// The newer binding brings a layer that speaks the interface of the older one.
module.exports = require('zeromq6/v5-compat');
