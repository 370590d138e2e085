//! What all clients together, and those of one address, may hold: connections and unfinished input.
//!
//! Sockets count as connections, and so do sessions that poll, which have no lasting socket. Behind a proxy, an address
//! has no sockets: there its sessions count, whatever carries them.

use crate::figures::Kinds;
use http::StatusCode;
use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// Bytes of unfinished input that a connection may have for free: nearly everything that comes in parts is smaller,
/// and so still gets through when others have used the bound up.
const FREE_BYTES: usize = 4 << 10;

/// The bounds. `usize::MAX` is none.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address: an IPv4 address, or a /64 network of IPv6.
    pub connections_per_address: usize,
    /// Bytes of messages and heads that have begun and are not complete, and of request bodies that have not been
    /// processed. Of what a WebSocket has brought and is held back, there is one read at most.
    pub unfinished_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: usize::MAX, connections_per_address: usize::MAX, unfinished_bytes: usize::MAX }
    }
}

/// What is held now.
#[derive(Debug)]
pub(crate) struct Held {
    /// The bounds of connections, which may change.
    most: AtomicUsize,
    most_of_one: AtomicUsize,
    most_unfinished: usize,
    connections: AtomicUsize,
    /// Entries leave with the last [`Place`] of the address.
    by_address: Mutex<HashMap<Block, usize>>,
    unfinished_bytes: AtomicUsize,
    /// Of each kind, in the order of [`Full::KINDS`].
    refused: [AtomicU64; Full::KINDS.len()],
}

/// Addresses that count as one: whoever has an IPv6 address has 2^64 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Block {
    V4(Ipv4Addr),
    V6([u8; 8]),
}

impl From<IpAddr> for Block {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address.octets().first_chunk().copied().unwrap_or_default()),
        }
    }
}

/// A bound that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error("The server has as many connections as it may have. Try again later.")]
    Connections,
    #[error("There are too many connections from your address. Close some, or try again later.")]
    Address,
    #[error("The server holds too much input that is not finished. Try again later.")]
    UnfinishedInput,
}

impl Full {
    /// A name for each, for counting.
    const KINDS: [&str; 3] = ["connections", "address", "unfinished_input"];

    fn place(self) -> usize {
        match self {
            Self::Connections => 0,
            Self::Address => 1,
            Self::UnfinishedInput => 2,
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Address => StatusCode::TOO_MANY_REQUESTS,
            Self::Connections | Self::UnfinishedInput => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A connection that is counted while this lives.
pub(crate) struct Place {
    held: Arc<Held>,
    in_all: bool,
    block: Option<Block>,
}

/// Bytes that are counted as unfinished while this lives.
pub(crate) struct Charge {
    held: Arc<Held>,
    bytes: usize,
}

impl Held {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            most: AtomicUsize::new(bounds.connections),
            most_of_one: AtomicUsize::new(bounds.connections_per_address),
            most_unfinished: bounds.unfinished_bytes,
            connections: AtomicUsize::new(0),
            by_address: Mutex::default(),
            unfinished_bytes: AtomicUsize::new(0),
            refused: [const { AtomicU64::new(0) }; Full::KINDS.len()],
        }
    }

    /// Other bounds for connections, from now on. Those that are there stay.
    pub(crate) fn bound_connections(&self, in_all: usize, of_one_address: usize) {
        self.most.store(in_all, Ordering::Relaxed);
        self.most_of_one.store(of_one_address, Ordering::Relaxed);
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn unfinished_bytes(&self) -> usize {
        self.unfinished_bytes.load(Ordering::Relaxed)
    }

    /// How often each bound was reached.
    pub(crate) fn refused(&self) -> Kinds {
        Full::KINDS.into_iter().zip(self.refused.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }

    /// Counts a refusal, and returns how many there were for the same reason.
    fn refuse(&self, full: Full) -> u64 {
        self.refused[full.place()].fetch_add(1, Ordering::Relaxed) + 1
    }

    fn add(&self, in_all: bool, block: Option<Block>) -> Result<(), Full> {
        if in_all && self.connections.fetch_add(1, Ordering::Relaxed) >= self.most.load(Ordering::Relaxed) {
            self.connections.fetch_sub(1, Ordering::Relaxed);
            return Err(Full::Connections);
        }
        let Some(block) = block else { return Ok(()) };
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_address.get(&block).copied().unwrap_or_default();
        if count >= self.most_of_one.load(Ordering::Relaxed) {
            drop(by_address);
            self.remove(in_all, None);
            return Err(Full::Address);
        }
        by_address.insert(block, count + 1);
        Ok(())
    }

    fn remove(&self, in_all: bool, block: Option<Block>) {
        if in_all {
            self.connections.fetch_sub(1, Ordering::Relaxed);
        }
        let Some(block) = block else { return };
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = by_address.entry(block) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

impl Place {
    /// Counts a connection: in all, if it has not been counted yet, and for its address, if that is known.
    pub(crate) fn take(held: &Arc<Held>, in_all: bool, address: Option<IpAddr>) -> Result<Self, Full> {
        let block = address.map(Block::from);
        match held.add(in_all, block) {
            Ok(()) => Ok(Self { held: Arc::clone(held), in_all, block }),
            Err(full) => {
                let so_far = held.refuse(full);
                let address = address.map(|address| address.to_string()).unwrap_or_default();
                match full {
                    Full::Address => tracing::warn!(
                        address,
                        so_far,
                        "a connection was refused, as its address has too many: raise --max-connections-per-address if it is a proxy or a school"
                    ),
                    _ => tracing::warn!(
                        address,
                        so_far,
                        "a connection was refused, as there are too many: raise --max-connections"
                    ),
                }
                Err(full)
            }
        }
    }
}

impl Place {
    /// Counts for no address any more.
    pub(crate) fn without_address(mut self) -> Self {
        self.held.remove(false, self.block.take());
        self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.held.remove(self.in_all, self.block);
    }
}

impl Charge {
    pub(crate) fn none(held: &Arc<Held>) -> Self {
        Self { held: Arc::clone(held), bytes: 0 }
    }

    /// Sets the number of bytes.
    pub(crate) fn set(&mut self, bytes: usize) -> Result<(), Full> {
        let (wanted, held) = (bytes.saturating_sub(FREE_BYTES), &self.held);
        if wanted > self.bytes {
            let more = wanted - self.bytes;
            let before = held.unfinished_bytes.fetch_add(more, Ordering::Relaxed);
            if before.saturating_add(more) > held.most_unfinished {
                held.unfinished_bytes.fetch_sub(more, Ordering::Relaxed);
                let so_far = held.refuse(Full::UnfinishedInput);
                tracing::warn!(
                    so_far,
                    "input was refused, as too much is unfinished: raise --max-unfinished-bytes"
                );
                return Err(Full::UnfinishedInput);
            }
        } else if wanted < self.bytes {
            held.unfinished_bytes.fetch_sub(self.bytes - wanted, Ordering::Relaxed);
        }
        self.bytes = wanted;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.held.unfinished_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(bounds: Bounds) -> Arc<Held> {
        Arc::new(Held::new(bounds))
    }

    fn take(held: &Arc<Held>, address: &str) -> Result<Place, Full> {
        Place::take(held, true, Some(address.parse().unwrap()))
    }

    #[test]
    fn an_address_has_so_many_places_and_gets_them_back() {
        let held = held(Bounds { connections_per_address: 2, ..Bounds::default() });
        for (one, other) in
            [("1.2.3.4", "1.2.3.5"), ("2001:db8::1", "2001:db8:0:1::1"), ("::ffff:6.6.6.6", "7.7.7.7")]
        {
            let places = [take(&held, one), take(&held, one)];
            assert_eq!(take(&held, one).err(), Some(Full::Address));
            assert!(take(&held, other).is_ok());
            drop(places);
            assert!(take(&held, one).is_ok());
        }
        assert!(held.by_address.lock().unwrap().is_empty());
        assert_eq!(held.connections.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_addresses_of_a_network_of_ipv6_are_one_and_so_are_the_two_forms_of_ipv4() {
        let held = held(Bounds { connections_per_address: 1, ..Bounds::default() });
        let _places = [take(&held, "2001:db8::1"), take(&held, "1.2.3.4")];
        assert_eq!(take(&held, "2001:db8::ffff:1").err(), Some(Full::Address));
        assert_eq!(take(&held, "::ffff:1.2.3.4").err(), Some(Full::Address));
    }

    #[test]
    fn a_place_can_stop_counting_for_its_address() {
        let held = held(Bounds { connections: 2, connections_per_address: 1, ..Bounds::default() });
        let relay = take(&held, "1.1.1.1").map(Place::without_address);
        let place = take(&held, "1.1.1.1");
        assert!(relay.is_ok() && place.is_ok());
        assert_eq!(take(&held, "2.2.2.2").err(), Some(Full::Connections), "in all it does");
        drop((relay, place));
        assert_eq!(held.connections.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn there_are_so_many_places_in_all() {
        let held = held(Bounds { connections: 2, ..Bounds::default() });
        let places = [take(&held, "1.1.1.1"), Place::take(&held, true, None)];
        assert_eq!(take(&held, "3.3.3.3").err(), Some(Full::Connections));
        assert!(Place::take(&held, false, Some([4, 4, 4, 4].into())).is_ok(), "its socket counts");
        drop(places);
        assert!(take(&held, "3.3.3.3").is_ok());
    }

    #[test]
    fn unfinished_bytes_are_counted_beyond_what_is_free() {
        let held = held(Bounds { unfinished_bytes: 10_000, ..Bounds::default() });
        let (mut one, mut other) = (Charge::none(&held), Charge::none(&held));
        one.set(FREE_BYTES + 9_000).unwrap();
        other.set(FREE_BYTES + 1_000).unwrap();
        assert_eq!(other.set(FREE_BYTES + 1_001), Err(Full::UnfinishedInput));
        one.set(0).unwrap();
        other.set(FREE_BYTES + 10_000).unwrap();
        one.set(FREE_BYTES).unwrap();
        drop(other);
        assert_eq!(held.unfinished_bytes.load(Ordering::Relaxed), 0);
    }
}
