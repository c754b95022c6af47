"""The table of options: one row for each that pyzmq knows a number for.

    name | kind | access | types of socket that have it (none named: all) | what the build needs | unit | what it does

Access: r read from libzmq; w written; m answered from what was written, because libzmq does not give it back (False, -1
or empty before that), and M the same with True before that.
"""

# ruff: noqa: E501 - a table is read by its columns

from __future__ import annotations

from typing import Final

__all__ = ["ROWS"]

ROWS: Final = """
affinity                          | int   | rw |                        |         | bit mask     | which I/O threads serve new connections; 0 for any
backlog                           | int   | rw |                        |         | connections  | how many incoming connections may wait to be accepted
bindtodevice                      | text  | rw |                        | linux   |              | the interface that a bind accepts from and a connect leaves by
blocky                            | bool  |    |                        | context |              | an option of contexts, not of sockets
busy_poll                         | int   | w  |                        | draft   |              | busy poll the network device
conflate                          | bool  | rw |                        |         |              | keep the last message only
connect_routing_id                | bytes | w  | rep router stream      |         |              | what to call the peer of the next connect
connect_timeout                   | int   | rw |                        |         | ms           | how long a connect may take; 0 for the system's own limit
curve_publickey                   | bytes | mw |                        | curve   |              | our public key: 32 bytes, or 40 characters of Z85
curve_secretkey                   | bytes | mw |                        | curve   |              | our secret key
curve_server                      | bool  | rw |                        | curve   |              | be the server of the CURVE handshake
curve_serverkey                   | bytes | mw |                        | curve   |              | the public key of the server to connect to
disconnect_msg                    | bytes | w  |                        | draft   |              | what to deliver when a peer has gone
events                            | int   | r  |                        |         | bits         | 1 when a message can be received, 2 when one can be sent, without waiting
fd                                | int   | r  |                        |         |              | the descriptor that libzmq signals through; fileno() is the same
gssapi_plaintext                  | bool  | rw |                        | gssapi  |              | authenticate, but do not encrypt
gssapi_principal                  | text  | rw |                        | gssapi  |              | our name
gssapi_principal_nametype         | int   | rw |                        | gssapi  |              | what sort of name that is
gssapi_server                     | bool  | rw |                        | gssapi  |              | be the server of the GSSAPI handshake
gssapi_service_principal          | text  | rw |                        | gssapi  |              | the name of the server to connect to
gssapi_service_principal_nametype | int   | rw |                        | gssapi  |              | what sort of name that is
handshake_ivl                     | int   | rw |                        |         | ms           | how long a handshake may take; 0 for ever
heartbeat_ivl                     | int   | rw |                        |         | ms           | how often to ping; 0 for never
heartbeat_timeout                 | int   | rw |                        |         | ms           | how long to wait for an answer to a ping; -1 for heartbeat_ivl
heartbeat_ttl                     | int   | rw |                        |         | ms           | how long the peer is to wait for our pings; in steps of 100
hello_msg                         | bytes | w  |                        | draft   |              | what to send to each new peer
hiccup_msg                        | bytes | w  |                        | draft   |              | what to deliver when a connection has hiccuped
hwm                               | int   | rw |                        |         | messages     | sndhwm and rcvhwm in one
immediate                         | bool  | rw |                        |         |              | queue for completed connections only
in_batch_size                     | int   | rw |                        | draft   | bytes        | how much to read at once
invert_matching                   | bool  | rw |                        |         |              | pub and sub: deliver what does not match
ipc_filter_gid                    | int   | mw |                        | linux   |              | let only processes of this group connect
ipc_filter_pid                    | int   | mw |                        | linux   |              | let only this process connect
ipc_filter_uid                    | int   | mw |                        | linux   |              | let only processes of this user connect
ipv4only                          | bool  | rw |                        |         |              | the older opposite of ipv6
ipv6                              | bool  | rw |                        |         |              | understand IPv6 beside IPv4
last_endpoint                     | text  | r  |                        |         |              | the endpoint of the latest bind or connect, wildcards resolved
linger                            | int   | rw |                        |         | ms           | how long closing lets unsent messages go on being sent; -1 for ever
loopback_fastpath                 | bool  | rw |                        |         |              | a faster loopback; without effect but on Windows
maxmsgsize                        | int   | rw |                        |         | bytes        | disconnect peers that send larger frames; -1 for no limit
mechanism                         | int   | r  |                        |         |              | the security that is in use: 0 none, 1 PLAIN, 2 CURVE, 3 GSSAPI
metadata                          | bytes | w  |                        | draft   |              | a property for the peer, as name:value
multicast_hops                    | int   | rw |                        |         | hops         | how far multicast travels
multicast_loop                    | bool  | rw |                        |         |              | whether multicast comes back to its sender
multicast_maxtpdu                 | int   | rw |                        |         | bytes        | the largest packet of multicast
norm_block_size                   | int   | rw |                        | draft   | segments     | NORM: how much one repair covers
norm_buffer_size                  | int   | rw |                        | draft   | kilobytes    | NORM: how much to keep for repairs
norm_mode                         | int   | rw |                        | draft   |              | NORM: how to control the rate
norm_num_autoparity               | int   | rw |                        | draft   | segments     | NORM: parity sent unasked
norm_num_parity                   | int   | rw |                        | draft   | segments     | NORM: parity of a block
norm_push                         | bool  | rw |                        | draft   |              | NORM: stream without flushing
norm_segment_size                 | int   | rw |                        | draft   | bytes        | NORM: the size of a segment
norm_unicast_nack                 | bool  | rw |                        | draft   |              | NORM: ask for repairs by unicast
only_first_subscribe              | bool  | mw | pub xpub xsub          |         |              | treat only the first frame of a message as a subscription
out_batch_size                    | int   | rw |                        | draft   | bytes        | how much to write at once
plain_password                    | text  | rw |                        |         |              | the password of PLAIN
plain_server                      | bool  | rw |                        |         |              | be the server of the PLAIN handshake
plain_username                    | text  | rw |                        |         |              | the user of PLAIN
priority                          | int   | rw |                        | draft   |              | the priority of the connections to come
probe_router                      | bool  | mw | req rep dealer router  |         |              | greet each new router with an empty message
rate                              | int   | rw |                        |         | kbit/s       | how fast multicast may be
rcvbuf                            | int   | rw |                        |         | bytes        | the system's buffer for receiving; -1 for its default
rcvhwm                            | int   | rw |                        |         | messages     | how many to queue for receiving from each peer; 0 for no limit
rcvmore                           | bool  | r  |                        |         |              | always False here: messages are received whole
rcvtimeo                          | int   | rw |                        |         | ms           | how long recv() waits when it is given no timeout; -1 for ever
reconnect_ivl                     | int   | rw |                        |         | ms           | how long to wait before connecting again; -1 for never
reconnect_ivl_max                 | int   | rw |                        |         | ms           | up to where that wait grows; 0 for no growth
reconnect_stop                    | int   | rw |                        |         | bits         | when not to connect again: 1 refused, 2 handshake failed, 4 disconnected
recovery_ivl                      | int   | rw |                        |         | ms           | how long multicast can be repaired
req_correlate                     | bool  | mw | req                    |         |              | number requests, and drop replies to others
req_relaxed                       | bool  | mw | req                    |         |              | let a req send again without a reply
router_handover                   | bool  | mw | rep router             |         |              | a new peer takes over the routing id of an old one
router_mandatory                  | bool  | mw | rep router             |         |              | raise HostUnreachable rather than drop what has no recipient
router_notify                     | int   | rw | router                 | draft   | bits         | deliver an empty message when peers come (1) or go (2)
router_raw                        | bool  | mw | rep router             |         |              | talk plain TCP; a stream socket is the newer way
routing_id                        | bytes | rw |                        |         |              | what a router is to call us: 1 to 255 bytes, the first not zero; also called identity
sndbuf                            | int   | rw |                        |         | bytes        | the system's buffer for sending; -1 for its default
sndhwm                            | int   | rw |                        |         | messages     | how many to queue for sending to each peer; 0 for no limit
sndtimeo                          | int   | rw |                        |         | ms           | how long send() waits when it is given no timeout; -1 for ever
socks_password                    | text  | rw |                        |         |              | the password for the SOCKS proxy
socks_proxy                       | text  | rw |                        |         |              | connect through this SOCKS5 proxy, host:port
socks_username                    | text  | rw |                        |         |              | the user for the SOCKS proxy
stream_notify                     | bool  | Mw | stream                 |         |              | an empty message when a peer comes or goes
subscribe                         | bytes | w  | sub                    |         |              | add a prefix; socket.subscribe() is the verb
tcp_accept_filter                 | text  | mw |                        |         |              | let only this network connect; the older way of doing so
tcp_keepalive                     | int   | rw |                        |         |              | 1 on, 0 off, -1 the system's default
tcp_keepalive_cnt                 | int   | rw |                        |         | probes       | how many unanswered ones end a connection; -1 the system's default
tcp_keepalive_idle                | int   | rw |                        |         | s            | how long to be idle before the first; -1 the system's default
tcp_keepalive_intvl               | int   | rw |                        |         | s            | how long between two; -1 the system's default
tcp_maxrt                         | int   | rw |                        |         | ms           | how long TCP may repeat unacknowledged data; 0 the system's default
thread_safe                       | bool  | r  |                        |         |              | whether libzmq itself locks this type of socket
topics_count                      | int   | r  | pub sub xpub xsub      |         |              | how many subscriptions there are
tos                               | int   | rw |                        |         |              | the type of service of IP packets
type                              | int   | r  |                        |         |              | the type of the socket, as zmq.SocketType numbers them
unsubscribe                       | bytes | w  | sub                    |         |              | remove a prefix; socket.unsubscribe() is the verb
use_fd                            | int   | rw |                        |         |              | a descriptor that is already bound or connected; -1 for none
vmci_buffer_max_size              | int   | rw |                        | vmci    | bytes        | the largest buffer between virtual machines
vmci_buffer_min_size              | int   | rw |                        | vmci    | bytes        | the smallest
vmci_buffer_size                  | int   | rw |                        | vmci    | bytes        | the buffer between virtual machines
vmci_connect_timeout              | int   | rw |                        | vmci    | ms           | how long a connect may take
wss_cert_pem                      | text  | w  |                        | wss     |              | the certificate of a wss server
wss_hostname                      | text  | w  |                        | wss     |              | the name that a wss server must have
wss_key_pem                       | text  | w  |                        | wss     |              | the key of a wss server
wss_trust_pem                     | text  | w  |                        | wss     |              | the authority that a wss client trusts
wss_trust_system                  | bool  | w  |                        | wss     |              | trust the authorities that the system trusts
xpub_manual                       | bool  | mw | pub xpub               |         |              | let the application subscribe for its peers
xpub_manual_last_value            | bool  | mw | pub xpub               |         |              | xpub_manual, and what is sent next goes to the latest subscriber only
xpub_nodrop                       | bool  | mw | pub xpub               |         |              | wait or raise rather than drop at the high-water mark
xpub_verbose                      | bool  | mw | pub xpub               |         |              | deliver repeated subscriptions too
xpub_verboser                     | bool  | mw | pub xpub               |         |              | deliver repeated subscriptions and unsubscriptions too
xpub_welcome_msg                  | bytes | mw | pub xpub               |         |              | what to send to each new subscriber
xsub_verbose_unsubscribe          | bool  | w  | xsub                   | draft   |              | pass on every unsubscription
zap_domain                        | text  | rw |                        |         |              | which rules of the ZAP authenticator apply
zap_enforce_domain                | bool  | rw |                        |         |              | insist on an authenticator that knows the domain
"""
