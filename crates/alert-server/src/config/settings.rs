//! The one list of settings. A setting's name is its key in the file, its `--flag` (with dashes) and its `ALERT_`
//! variable (in capitals); defaults are written as a user would write them and read by the same code.

use alert_settings::Setting;

const NETWORK: &str = "Network";
const LIMITS: &str = "Limits";
const CONNECTIONS: &str = "Connections";
const HISTORY: &str = "History";
const REDIS: &str = "Several servers";
const API: &str = "HTTP API";
const ACCESS: &str = "Rights";
const BELLS: &str = "Bells";
const WEB: &str = "Web page and browsers";
const LOG: &str = "Logs";
const ADMIN: &str = "Metrics and administration";

/// Every setting, in the order of the help and of `alert config show`.
pub const SETTINGS: &[Setting] = &[
    Setting {
        many: true,
        ..one(
            "listen",
            "ADDRESS",
            &["127.0.0.1:5000"],
            NETWORK,
            "Address and port to listen on, or unix:/path; port 0 takes a free one; `:5000` is every IPv4 address",
        )
    },
    Setting {
        many: true,
        ..one(
            "tls_cert",
            "FILE",
            &[],
            NETWORK,
            "Certificate in PEM, with those between it and a root, to speak https and wss on every TCP address; it is read \
             again when it changes; several are chosen by the name that a client asks for",
        )
    },
    Setting {
        many: true,
        ..one(
            "tls_key",
            "FILE",
            &[],
            NETWORK,
            "Its private key in PEM; for several certificates, one each and in the same order [default: in the file of tls_cert]",
        )
    },
    Setting {
        many: true,
        ..one(
            "acme_domain",
            "HOST",
            &[],
            NETWORK,
            "Host name to get a certificate for from an authority that speaks ACME, whose terms you thereby agree to; it \
             checks that port 443 of the name leads here; several names have a certificate each",
        )
    },
    one("acme_email", "ADDRESS", &[], NETWORK, "Whom the authority may write to"),
    one(
        "acme_directory",
        "URL",
        &["letsencrypt"],
        NETWORK,
        "The authority: letsencrypt, staging (for tries: browsers do not trust it), or the URL of a directory",
    ),
    one(
        "acme_ca",
        "FILE",
        &[],
        NETWORK,
        "Certificates in PEM with which the authority's own is checked [default: those of the system]",
    ),
    one(
        "acme_dir",
        "FOLDER",
        &[],
        NETWORK,
        "Where the account with the authority and the certificates are kept [default: acme in the state folder]",
    ),
    Setting {
        many: true,
        ..one(
            "redirect_listen",
            "ADDRESS",
            &[],
            NETWORK,
            "Address that sends http to https, where tls_cert or acme_domain is set: 0.0.0.0:80, say",
        )
    },
    one("workers", "COUNT", &["auto"], NETWORK, "Threads that serve connections; auto is one per core"),
    one(
        "io",
        "WAY",
        &["auto"],
        NETWORK,
        "How messages go to members: uring (one system call for several of them, Linux 6.1), epoll (one for each), or auto: \
         uring where the system permits it",
    ),
    Setting {
        many: true,
        ..one(
            "trusted_proxy",
            "IP",
            &[],
            NETWORK,
            "Proxy (IP address or network such as 10.0.0.0/8) whose X-Forwarded-For gives the client's address, for logs and limits",
        )
    },
    Setting {
        many: true,
        ..one(
            "outbound_networks",
            "NETWORK",
            &[],
            NETWORK,
            "IP address or network such as 10.0.0.0/8 that addresses which users give may lead to, also by http; they lead to \
             public addresses alone otherwise, and by https",
        )
    },
    one(
        "drain_wait",
        "TIME",
        &["0s"],
        NETWORK,
        "On SIGTERM, time between /readyz turning 503 and the closing of connections",
    ),
    Setting {
        many: true,
        ..one(
            "allow_origin",
            "ORIGIN",
            &[],
            WEB,
            "Foreign web page that may connect (headless), as in https://example.org or https://*.example.org; `*` is every page",
        )
    },
    Setting {
        many: true,
        ..one(
            "frame_ancestors",
            "ORIGIN",
            &[],
            WEB,
            "Site whose pages may show the web page in a frame, as in https://intranet.example.org or https://*.example.org",
        )
    },
    Setting {
        many: true,
        ..one(
            "allow_host",
            "NAME",
            &[],
            WEB,
            "Host name that this server answers to, besides local ones and that of public_url; `*.example.org` is all below it, `*` every name",
        )
    },
    one(
        "public_url",
        "URL",
        &[],
        WEB,
        "Address that users see, if a proxy stands in front, as in https://alert.example.org",
    ),
    one(
        "web_push_contact",
        "URL",
        &[],
        WEB,
        "Turns Web Push on: people are told of alerts while their page is closed, through the push service of their browser; \
         whom that may write to about this server, as in mailto:admin@example.org [default: nothing is sent there]",
    ),
    Setting {
        secret: true,
        ..one(
            "session_key",
            "BASE64",
            &[],
            WEB,
            "Secret that encrypts the login cookies, base64 of at least 32 bytes; better given as ALERT_SESSION_KEY, \
             since others on this machine see flags [default: kept in a file of the state folder]",
        )
    },
    Setting {
        secret: true,
        ..one(
            "session_key_previous",
            "BASE64",
            &[],
            WEB,
            "The previous key: its cookies stay valid until they are 30 days old, so that a new key logs nobody out",
        )
    },
    Setting {
        many: true,
        secret: true,
        ..one(
            "api_token",
            "TOKEN",
            &[],
            API,
            "Token that programs must bring to post messages and to list rooms, at least 16 characters; better given as \
             ALERT_API_TOKEN or in a file, since others on this machine see flags [default: none, and posting is open]",
        )
    },
    one(
        "api_token_file",
        "FILE",
        &[],
        API,
        "File with such tokens, one a line, # before a comment; SIGHUP rereads it",
    ),
    one(
        "access",
        "WHO",
        &["open"],
        ACCESS,
        "Who gets in: open (whoever knows a room's code reads and speaks there) or token (nobody without one)",
    ),
    Setting {
        many: true,
        ..one(
            "token_keys",
            "FILE",
            &[],
            ACCESS,
            "Keys that signed tokens (JWT) are verified with: PEM, a JSON Web Key or a set of them, or a secret of at least 32 \
             bytes; it is read again when it changes; `alert token keygen` makes one",
        )
    },
    one(
        "bells",
        "FILE",
        &[],
        BELLS,
        "Bells: what is said in which room, or raised as an alert, again and again at its times (TOML); it is read again when \
         it changes; `alert bell check` says whether it is right",
    ),
    one(
        "leave_grace",
        "TIME",
        &["2s"],
        CONNECTIONS,
        "How long a person whose connection was lost stays in the room, in case they come back",
    ),
    one("ping_interval", "TIME", &["25s"], CONNECTIONS, "Time between two heartbeats of a connection"),
    one(
        "ping_timeout",
        "TIME",
        &["20s"],
        CONNECTIONS,
        "How long a client has to answer a heartbeat before it counts as lost",
    ),
    one(
        "recovery",
        "MODE",
        &["auto"],
        CONNECTIONS,
        "Which clients get back what they missed by Socket.IO's connection state recovery: auto (official JavaScript \
         clients from 4.6 on, and those that ask for it), on (all; it adds an argument to each event) or off",
    ),
    one(
        "queue_limit",
        "BYTES",
        &["1048576"],
        CONNECTIONS,
        "Bytes that may wait for a client that does not read; above it the connection is closed",
    ),
    one(
        "history",
        "STORE",
        &["sqlite"],
        HISTORY,
        "Where messages are kept for those who were away: sqlite (alert.db in the state folder), memory or off",
    ),
    one("history_messages", "COUNT", &["1000"], HISTORY, "Messages kept for each room; the oldest go first"),
    one("history_age", "TIME", &["7d"], HISTORY, "How long messages are kept"),
    one(
        "history_size",
        "BYTES",
        &["auto"],
        HISTORY,
        "Bytes kept for all rooms together; the oldest messages go first; auto is 1GiB in a file and 64MiB in memory",
    ),
    one(
        "replay_window",
        "TIME",
        &["2m"],
        HISTORY,
        "How long a lost client may be away and still get what it missed when it joins again under its name; 0 is never",
    ),
    Setting {
        secret: true,
        ..one(
            "redis",
            "URL",
            &[],
            REDIS,
            "Redis (7.0 or newer) or Valkey whose rooms this server shares with all others that name it, as in \
             redis://127.0.0.1:6379; with a password better given as ALERT_REDIS, since others on this machine see flags",
        )
    },
    one(
        "redis_password_file",
        "FILE",
        &[],
        REDIS,
        "File with the password for Redis, instead of one in the address",
    ),
    one(
        "redis_ca",
        "FILE",
        &[],
        REDIS,
        "File with the certificates (PEM) that sign those of Redis, for rediss:// [default: those of the system]",
    ),
    one(
        "redis_cert",
        "FILE",
        &[],
        REDIS,
        "File with the certificate (PEM) that Alert shows to Redis, for rediss://",
    ),
    one("redis_key", "FILE", &[], REDIS, "File with the private key (PEM) of redis_cert"),
    one("redis_sentinel_user", "NAME", &[], REDIS, "User for the sentinels, where they ask for one"),
    one(
        "redis_sentinel_password_file",
        "FILE",
        &[],
        REDIS,
        "File with the password for the sentinels, where they ask for one; that for Redis may be another",
    ),
    one("redis_prefix", "TEXT", &["alert"], REDIS, "What all keys in Redis begin with"),
    one(
        "redis_timeout",
        "TIME",
        &["5s"],
        REDIS,
        "Time that Redis has to answer before whoever speaks hears that it failed",
    ),
    one(
        "advertise",
        "HOST:PORT",
        &[],
        REDIS,
        "Where the other servers reach this one, to pass requests on whose session is here [default: found by itself]",
    ),
    one("max_name_chars", "COUNT", &["64"], LIMITS, "Longest name, in characters"),
    one("max_room_chars", "COUNT", &["128"], LIMITS, "Longest room code, in characters"),
    one("max_msg_bytes", "BYTES", &["16384"], LIMITS, "Longest message"),
    one(
        "max_payload",
        "BYTES",
        &["1000000"],
        LIMITS,
        "Largest request body or WebSocket message that is read",
    ),
    one(
        "event_rate",
        "COUNT",
        &["500"],
        LIMITS,
        "Events a second that a connection may send; above it Alert reads more slowly and loses nothing; 0 is no limit",
    ),
    one(
        "event_burst",
        "COUNT",
        &["1000"],
        LIMITS,
        "Events that a connection may send in a burst before event_rate applies",
    ),
    one(
        "byte_rate",
        "BYTES",
        &["1048576"],
        LIMITS,
        "Bytes a second that a connection, or an address over HTTP, may send, in bursts of up to twice that; above it \
         Alert reads more slowly and loses nothing; 0 is no limit",
    ),
    one(
        "room_byte_rate",
        "BYTES",
        &["4194304"],
        LIMITS,
        "Bytes a second that may be said in a room, in bursts of up to twice that; above it those who speak there wait; \
         0 is no limit",
    ),
    one(
        "room_tries",
        "COUNT",
        &["600"],
        LIMITS,
        "Different rooms that one address may name in a minute: newcomers and people who guess codes; over HTTP each counts \
         ten times; rooms that people of the address are in do not count; 0 is no limit",
    ),
    one(
        "join_rate",
        "COUNT",
        &["6000"],
        LIMITS,
        "Times that people of one address may enter rooms in a minute; 0 is no limit",
    ),
    one("max_rooms", "COUNT", &["100000"], LIMITS, "Rooms that exist at a time"),
    one("max_people", "COUNT", &["20000"], LIMITS, "People in one room"),
    one(
        "max_connections",
        "COUNT",
        &["50000"],
        LIMITS,
        "Connections in all; more are refused; 0 is no limit except open files",
    ),
    one(
        "max_connections_per_address",
        "COUNT",
        &["10000"],
        LIMITS,
        "Connections of one IPv4 address or one IPv6 network (/64); more are refused; 0 is no limit",
    ),
    one(
        "max_unfinished_bytes",
        "BYTES",
        &["67108864"],
        LIMITS,
        "Bytes in all of messages and requests that are incomplete or not processed yet; more is refused; 0 is no limit",
    ),
    one(
        "message_timeout",
        "TIME",
        &["30s"],
        LIMITS,
        "How long a message, or an event with its attachments, may take from its first byte to its last",
    ),
    Setting {
        many: true,
        ..one(
            "admin_listen",
            "ADDRESS",
            &[],
            ADMIN,
            "Address and port of /metrics (Prometheus) and /admin, apart from what users see: 127.0.0.1:9464, say; one that \
             other machines reach needs a token",
        )
    },
    Setting {
        many: true,
        secret: true,
        ..one(
            "admin_token",
            "TOKEN",
            &[],
            ADMIN,
            "Token that whoever comes to admin_listen must bring, at least 16 characters; better given as ALERT_ADMIN_TOKEN \
             or in a file, since others on this machine see flags",
        )
    },
    one(
        "admin_token_file",
        "FILE",
        &[],
        ADMIN,
        "File with such tokens, one a line, # before a comment; SIGHUP rereads it",
    ),
    one("log_format", "FORMAT", &["text"], LOG, "Form of the log on stderr: text or json"),
    one("log_level", "LEVEL", &["info"], LOG, "How much is logged: error, warn, info, debug or trace"),
];

const fn one(
    name: &'static str,
    placeholder: &'static str,
    default: &'static [&'static str],
    heading: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, placeholder, default, heading, help, many: false, secret: false }
}
