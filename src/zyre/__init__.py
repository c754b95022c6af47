"""Programs that share a network find each other and talk: ZyRE, without a broker and without configuration."""
