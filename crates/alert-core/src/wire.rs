//! What clients see. A version of the protocol is a module; [`v1`] is the one that Flask-SocketIO clients speak.

pub mod v1;
