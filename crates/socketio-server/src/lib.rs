//! A Socket.IO server runtime.
