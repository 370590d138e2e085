//! Following the masters: where calls go when a tag has moved, and when others are found.

use super::super::super::keys::TAGS;
use super::super::super::masters::Masters;
use super::super::super::server::ConnectError;
use super::super::lane::{self, Lane};
use super::{Event, Worker};
use crate::config::Place;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

use super::LOOK;

impl Worker {
    /// A master says that a tag is another one's now.
    pub(super) fn moved(&mut self, tag: usize, to: &str) {
        let masters = self.masters.borrow().moved(tag, to);
        if let Some(masters) = masters {
            self.follow(masters);
        }
        self.look(LOOK);
    }

    pub(super) fn found(&mut self, found: Result<Masters, ConnectError>) {
        (self.is_looking, self.looked) = (false, Instant::now());
        match found {
            Ok(masters) => {
                self.told.clear();
                self.follow(masters);
            }
            Err(why) => {
                let why = why.to_string();
                if self.told != why {
                    tracing::warn!("it is not known which Redis is the master: {why}");
                    self.told = why;
                }
            }
        }
    }

    /// Takes these for the masters: goes to new ones, and leaves those that have nothing any more.
    pub(super) fn follow(&mut self, masters: Masters) {
        if *self.masters.borrow() == masters {
            return;
        }
        let now = Instant::now();
        for place in masters.places() {
            if !self.lanes.contains_key(place) {
                self.generation += 1;
                self.lanes.insert(place.clone(), Lane::new(self.generation, now));
                self.begin_to_connect(place.clone(), self.generation, false);
            }
        }
        let gone: Vec<_> =
            self.lanes.extract_if(|place, _| !masters.places().any(|master| master == place)).collect();
        self.masters.send_replace(masters);
        self.lanes.values_mut().for_each(|lane| lane.ready.clear());
        for (place, lane) in gone {
            tracing::info!(redis = &*place.to_string(), "this Redis is no master any more");
            self.give_back(&lane.sent, now);
        }
        for tag in 0..TAGS {
            self.queues[tag].is_ready = false;
            self.make_ready(tag, now);
        }
        self.tell();
    }

    pub(super) fn begin_to_connect(&mut self, place: Place, generation: u64, waits: bool) {
        let (address, library) = (self.address.clone(), Arc::clone(&self.library));
        self.work.spawn(async move {
            let done = lane::connect(address, place.clone(), library, waits).await;
            Event::Lane(place, generation, done)
        });
    }

    /// Looks for the masters, unless that was done a moment ago; where there is a single Redis there are no others.
    pub(super) fn look(&mut self, pause: Duration) {
        let is_alone = self.address.service().is_none() && !self.masters.borrow().may_change();
        if self.is_looking || is_alone {
            return;
        }
        self.is_looking = true;
        let (address, known) = (self.address.clone(), self.masters.borrow().clone());
        let pause = pause.saturating_sub(self.looked.elapsed());
        self.work.spawn(async move {
            sleep(pause).await;
            Event::Found(Masters::find(&address, Some(&known)).await)
        });
    }
}
