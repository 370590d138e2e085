//! Alert: a messaging server that speaks to a room at once.
