//! `GET .../messages`: what was said in a room.

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::caller::Caller;
use super::{Api, Problem, RoomPath, json};
use crate::rooms::{History, Wanted};
use alert_core::access::Right;
use alert_core::since::Since;
use alert_core::wire::history::{Messages, Page};

/// Messages in an answer, unless the caller says how many.
const DEFAULT_LIMIT: usize = 100;
const MOST: usize = 1000;

/// What the address asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    wanted: Wanted,
    limit: usize,
}

pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Asked { wanted, limit } = Asked::read(query.as_deref().unwrap_or_default())?;
    let room = api.room(&caller, Right::Read, path)?;
    let history = api.0.rooms.history(&room, Some(caller.shown()), wanted, limit).await?;
    let History { messages, position, gap, more } = history;
    let page = Page { messages: Messages(&messages), position, gap, more };
    json::long(&api.0.unread, caller.origin(), &page)
}

impl Asked {
    fn read(query: &str) -> Result<Self, Problem> {
        let value = |name: &str| {
            form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
        };
        let limit = value("limit").map_or(Ok(DEFAULT_LIMIT), |limit| {
            let is_number = limit.bytes().all(|byte| byte.is_ascii_digit());
            let limit = limit.parse().ok().filter(|limit| is_number && (1..=MOST).contains(limit));
            limit.ok_or_else(|| Problem::limit_invalid(MOST))
        })?;
        let before =
            value("before").map(|place| place.parse().map_err(Problem::before_invalid)).transpose()?;
        let wanted = match (since(query)?, before) {
            (Some(_), Some(_)) => return Err(Problem::both_ways()),
            (None, Some(position)) => Wanted::Before(position),
            (Some(since), None) => Wanted::Since(since),
            (None, None) => Wanted::Since(Since::Last(limit)),
        };
        Ok(Self { wanted, limit })
    }
}

/// The `since` of an address, if it has one.
pub(super) fn since(query: &str) -> Result<Option<Since>, Problem> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let since = pairs.find(|(key, _)| key == "since");
    since.map(|(_, since)| since.parse().map_err(Problem::since_invalid)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_asked_for_stands_in_the_address() {
        let position = "8f3a1c20b7d41-57";
        let place = position.parse().unwrap();
        let since = |since, limit| Asked { wanted: Wanted::Since(since), limit };
        for (query, asked) in [
            (String::new(), since(Since::Last(100), 100)),
            ("limit=5&other=x".into(), since(Since::Last(5), 5)),
            (format!("since={position}&limit=1000"), since(Since::Position(place), 1000)),
            ("since=10m".into(), since(Since::Ago(Duration::from_secs(600)), 100)),
            ("since=1h+30m".into(), since(Since::Ago(Duration::from_secs(5400)), 100)),
            ("since=all&since=none".into(), since(Since::All, 100)),
            ("since=20".into(), since(Since::Last(20), 100)),
            (format!("before={position}"), Asked { wanted: Wanted::Before(place), limit: 100 }),
        ] {
            assert_eq!(Asked::read(&query).unwrap(), asked, "{query}");
        }
        for query in [
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=%2B1",
            "limit=",
            "limit=x",
            "since=",
            "since=x",
            "since=%FF",
            "since=1001",
            "before=",
            "before=all",
            "before=10m",
            "before=8f3a1c20b7d41-57&since=all",
            "limit=99999999999999999999",
        ] {
            assert!(Asked::read(query).is_err(), "{query}");
        }
    }
}
