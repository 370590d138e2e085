//! Takes a subscriber from where it was to the present, page by page, never more at a time than its queue can hold.

use super::{Begin, Subscription};
use crate::log::{Gap, Page, Query, ReadError, Start};
use crate::rooms::audience::replay;
use crate::rooms::live_room::Listening;
use crate::rooms::{CatchUp, Counts, NotLive, Refused, Wanted};
use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use alert_core::position::Position;
use alert_core::since::Since;
use alert_core::wire::Form;
use alert_core::wire::stream::StreamForm;
use socketio_server::{ConnectionId, Frames, Hub, Publication};
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// Messages that are read at a time.
const PAGE: usize = 64;
/// How long a connection may take to read what waits for it.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long to wait before a busy store is asked again.
const PAUSE: Duration = Duration::from_millis(250);

/// Brings one connection to a room's present.
pub(super) struct Follower {
    hub: Hub,
    connection: ConnectionId,
    room: RoomCode,
    form: StreamForm,
    begin: Begin,
    /// Bytes that may wait for the connection while more is read.
    most_waiting: usize,
    counts: Arc<Counts>,
    /// Bytes that were sent since nothing last waited.
    waiting: usize,
}

/// The connection has ended, or takes nothing.
struct Gone;

impl Follower {
    pub(super) fn new(subscription: &Subscription, hub: Hub, connection: ConnectionId) -> Self {
        let Subscription { form, begin, .. } = *subscription;
        let most_waiting = subscription.rooms.0.most_replayed;
        let (room, counts) = (subscription.room().clone(), Arc::clone(subscription.rooms.counts()));
        Self { hub, connection, room, form, begin, most_waiting, counts, waiting: 0 }
    }

    /// Sends what was said before, and lets the connection hear the room. `None` if it ends before.
    pub(super) async fn run(mut self, mut reader: CatchUp) -> Option<Listening> {
        if let Err(why) = reader.ready().await {
            return self.refuse(why);
        }
        if self.begin == Begin::Unknown {
            self.tell(Gap { missed: None });
        }
        let mut next = self.first(&mut reader).await;
        loop {
            while let Some(query) = next.take() {
                if let Err(why) = reader.goes_on(None) {
                    return self.refuse(why);
                }
                let page = self.page(&mut reader, query).await;
                if let Some(gap) = page.gap {
                    self.tell(gap);
                }
                let has_waited = self.send(&page.messages).await.ok()?;
                next = match page.messages.last() {
                    Some(last) if page.more && !query.start.is_backwards() => Some(after(last.position)),
                    // Much may have been said meanwhile.
                    _ => has_waited.then(|| after(reader.position())),
                };
            }
            match self.go_live(reader) {
                Ok(place) => return Some(place),
                Err(NotLive::Behind(back)) => {
                    next = Some(after(back.position()));
                    reader = back;
                }
                Err(NotLive::Refused(why)) => return self.refuse(why),
            }
        }
    }

    /// Lets the connection hear the room, behind what was said since the last page.
    pub(super) fn go_live(&self, reader: CatchUp) -> Result<Listening, NotLive> {
        let Self { hub, connection, form, .. } = self;
        reader.listen((hub, *connection), Form::Stream(*form), |missed| {
            for message in missed.messages {
                hub.send(*connection, replay(Form::Stream(*form), &self.room, message));
            }
            // NDJSON has no way to say this that a client could ignore.
            if *form == StreamForm::Sse || self.begin != Begin::Now {
                hub.send(*connection, place(*form, missed.position));
            }
        })
    }

    /// Whoever may not hear the room any more is told so by the end of the stream.
    fn refuse(&self, why: Refused) -> Option<Listening> {
        tracing::info!(room = self.room.as_str(), "a listener cannot hear it: {why}");
        self.hub.close(self.connection);
        None
    }

    /// What to read first.
    async fn first(&self, reader: &mut CatchUp) -> Option<Query> {
        match self.begin {
            Begin::Now => None,
            Begin::Unknown => Some(Query { start: Start::Oldest, limit: PAGE }),
            Begin::Since(Since::Last(number)) if number > PAGE => self.find(number, reader).await,
            Begin::Since(since) => Wanted::Since(since).query(PAGE),
        }
    }

    /// Goes back this many messages, and keeps none of them.
    async fn find(&self, number: usize, reader: &mut CatchUp) -> Option<Query> {
        let (mut left, mut start, mut first) = (number, Start::Newest, None);
        while left > 0 {
            let page = self.page(reader, Query { start, limit: PAGE.min(left) }).await;
            let Some(oldest) = page.messages.first() else { break };
            first = Some(oldest.position);
            start = Start::Before(oldest.position);
            left = if page.more { left - page.messages.len() } else { 0 };
        }
        first.map(|Position { epoch, number }| after(Position { epoch, number: number - 1 }))
    }

    /// A page, or the news that there is none: a store that fails silences no room.
    async fn page(&self, reader: &mut CatchUp, query: Query) -> Page {
        loop {
            match reader.page(query).await {
                Ok(page) => return page,
                Err(ReadError::Busy) => sleep(PAUSE).await,
                Err(ReadError::Failed) => {
                    return Page { gap: Some(Gap { missed: None }), ..Page::default() };
                }
            }
        }
    }

    fn tell(&self, gap: Gap) {
        self.hub.send(self.connection, Publication::bytes(self.form.gap(gap).as_bytes()));
    }

    /// Returns whether it had to wait in between.
    async fn send(&mut self, messages: &[Arc<RoomEvent>]) -> Result<bool, Gone> {
        let mut has_waited = false;
        self.counts.replayed.add("stream", messages.len() as u64);
        for message in messages {
            let publication = replay(Form::Stream(self.form), &self.room, message);
            let size = publication.size();
            if self.waiting > 0 && self.waiting + size > self.most_waiting {
                self.drained().await?;
                has_waited = true;
            }
            self.waiting += size;
            self.hub.send(self.connection, publication);
        }
        Ok(has_waited)
    }

    /// Waits until the connection has taken everything.
    async fn drained(&mut self) -> Result<(), Gone> {
        let drained = timeout(LONGEST_WAIT, self.hub.drained(self.connection)).await;
        self.waiting = 0;
        match drained {
            Ok(true) => Ok(()),
            Ok(false) => Err(Gone),
            Err(_) => {
                tracing::warn!(room = self.room.as_str(), "a listener does not take what it asked for");
                self.hub.close(self.connection);
                Err(Gone)
            }
        }
    }
}

fn after(position: Position) -> Query {
    Query { start: Start::After(position), limit: PAGE }
}

fn place(form: StreamForm, position: Position) -> Publication {
    /// The size of a position, with what is around it.
    const SIZE: usize = 80;
    Publication::later(SIZE, move || Frames::bytes(form.position(position).as_bytes()))
}
