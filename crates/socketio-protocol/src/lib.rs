//! Engine.IO 4 and Socket.IO 5 as pure code.
