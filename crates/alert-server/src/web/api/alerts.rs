//! Alerts over HTTP: raising, changing, ending and listing them.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::time::{Duration, Instant, SystemTime};
use tokio::time::timeout;

use super::actions::object;
use super::caller::Caller;
use super::idempotency::Key;
use super::message::{named, sender};
use super::roll_calls::{Confirmed, RollCall};
use super::{Api, Problem, RoomPath, json};
use crate::log::KeyDigest;
use crate::rooms::{Admitted, Alerted, Rooms, Visit, Way};
use alert_core::access::Right;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Alert, AlertId, Ending, Proposed};
use alert_core::wire::alert::{Shown, ShownEnd, ShownProposal};
use alert_core::wire::history::At;
use alert_core::wire::roll_call::ShownPerson;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Alerting, Changes, Raise, ShownPrepared, ending, read_id};

pub(super) type AlertPath = Result<Path<(String, String)>, PathRejection>;

/// What has become of an alert.
#[derive(Serialize)]
struct Told<'a> {
    alert: One<'a>,
    /// Whether that is on disk.
    stored: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum One<'a> {
    InForce(Shown<'a>),
    Ended(ShownEnd<'a>),
    Proposed(ShownProposal<'a>),
}

/// The alerts that are in force; and, for whoever may release them, those that wait.
#[derive(Serialize)]
struct All<'a> {
    alerts: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<Vec<ShownProposal<'a>>>,
}

/// What a page begins with.
#[derive(Serialize)]
struct InForce<'a> {
    at: At,
    alerts: Vec<Shown<'a>>,
}

/// What is prepared.
#[derive(Serialize)]
struct AllPrepared<'a> {
    prepared: Vec<ShownPrepared<'a>>,
}

impl<'a> All<'a> {
    fn of(alerts: &'a [Alert], proposed: Option<&'a [Proposed]>) -> Self {
        let proposed = proposed.map(|proposed| proposed.iter().map(ShownProposal).collect());
        Self { alerts: alerts.iter().map(Shown).collect(), proposed }
    }
}

/// The names of a roster.
#[derive(Serialize)]
pub(super) struct Names<'a> {
    pub(super) names: &'a [UserName],
    /// Where these are others than before: whether that is on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stored: Option<bool>,
}

/// How long a page waits to know what is in force.
const PAGE: Duration = Duration::from_millis(500);

impl Api {
    /// Those that are in force, with what time it is, for the page of a room: as [`list`] gives them, or none where whoever asks
    /// may not look without more, or the store is slow. The page hears them anyway when it has a connection; the room that it enters
    /// then is counted here.
    pub(in crate::web) async fn in_force(&self, caller: &Caller, room: RoomCode) -> String {
        let (rooms, origin) = (&self.0.rooms, caller.origin());
        let looking = async {
            let mut room = rooms.admit(caller.principal(), Right::Read, &origin, Way::Enter, room)?;
            rooms.let_in(&mut room, Visit::Look, caller.shown()).await?;
            rooms.alerts(&room).await
        };
        let alerts = match timeout(PAGE, looking).await {
            Ok(Ok(Alerted::All(alerts, _))) => alerts,
            _ => Vec::new(),
        };
        let page = InForce { at: At(SystemTime::now()), alerts: alerts.iter().map(Shown).collect() };
        serde_json::to_string(&page).unwrap_or_default()
    }
}

/// `GET`: those that are in force.
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
) -> Result<Response, Problem> {
    let mut room = api.room(&caller, Right::Read, path)?;
    api.0.rooms.let_in(&mut room, Visit::Look, caller.shown()).await?;
    match api.0.rooms.alerts(&room).await? {
        Alerted::All(alerts, proposed) => {
            json::long(&api.0.unread, caller.origin(), &All::of(&alerts, proposed.as_deref()))
        }
        one => answer(StatusCode::OK, &one),
    }
}

/// `POST`: raises one.
pub(super) async fn raise(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let raise = Alerting::Raise(Raise::parse(Some(object(&body)?), &api.0.limits)?);
    let Path(code) = path.map_err(|_| Problem::room_not_utf8())?;
    let (room, name) = admit(&api, &caller, &code, (query.as_deref(), &headers, body.len()), &raise).await?;
    let key = Key::read(&headers)?;
    let key = key.map(|key| KeyDigest::new(sender(&caller), room.code(), key.as_str()));
    let alerted = api.0.rooms.alert(&room, (&caller.actor(), &name, &caller.elsewhere()), raise, key).await?;
    answer(StatusCode::CREATED, &alerted)
}

/// `PATCH`: changes one.
pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let changes = Changes::parse(Some(object(&body)?))?;
    let what = |id| Alerting::Change(id, changes);
    act(&api, &caller, path, (query.as_deref(), &headers, body.len()), what).await
}

/// `DELETE`: ends one, perhaps with an all-clear.
pub(super) async fn end(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let ending = if body.is_empty() { Ending::default() } else { ending(Some(object(&body)?))? };
    let what = |id| Alerting::End(id, ending);
    act(&api, &caller, path, (query.as_deref(), &headers, body.len()), what).await
}

/// `POST` to one that waits: releases it.
pub(super) async fn release(
    State(api): State<Api>,
    caller: Caller,
    path: AlertPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    act(&api, &caller, path, (query.as_deref(), &headers, 0), Alerting::Release).await
}

/// What a request has besides its path: its query, its headers, and how many bytes.
type Rest<'a> = (Option<&'a str>, &'a HeaderMap, usize);

/// Does something with the alert that a path names.
async fn act(
    api: &Api,
    caller: &Caller,
    path: AlertPath,
    rest: Rest<'_>,
    what: impl FnOnce(AlertId) -> Alerting,
) -> Result<Response, Problem> {
    let Path((code, id)) = path.map_err(|_| Problem::room_not_utf8())?;
    let what = what(read_id(&id)?);
    let (room, name) = admit(api, caller, &code, rest, &what).await?;
    let alerted = api.0.rooms.alert(&room, (&caller.actor(), &name, &caller.elsewhere()), what, None).await?;
    answer(StatusCode::OK, &alerted)
}

/// The room, for somebody who does something with its alerts, and in which name.
pub(super) async fn admit(
    api: &Api,
    caller: &Caller,
    code: &str,
    (query, headers, bytes): Rest<'_>,
    what: &Alerting,
) -> Result<(Admitted, UserName), Problem> {
    let admitted = api.0.rate.admit(caller.origin(), bytes, Instant::now());
    admitted.map_err(Problem::too_many_messages)?;
    let (limits, who) = (&api.0.limits, caller.principal());
    let code = RoomCode::parse(code, limits.room_chars).map_err(Refusal::room)?;
    let name = match &who.name {
        // What a credential says, no request changes.
        Some(name) => name.clone(),
        None => named(query, headers, limits)?,
    };
    let right = Rooms::alert_right(who, &code);
    let mut room = api.0.rooms.admit(who, right, &caller.origin(), Way::FromOutside, code)?;
    api.0.rooms.let_in(&mut room, Rooms::alert_visit(what, &name), caller.shown()).await?;
    Ok((room, name))
}

pub(super) fn answer(status: StatusCode, alerted: &Alerted) -> Result<Response, Problem> {
    Ok(match alerted {
        Alerted::InForce(alert, stored) => {
            json::done(status, &Told { alert: One::InForce(Shown(alert)), stored: *stored })
        }
        Alerted::Ended(ended, stored) => {
            json::done(status, &Told { alert: One::Ended(ShownEnd(ended)), stored: *stored })
        }
        Alerted::Proposed(proposed, stored) => {
            let told = Told { alert: One::Proposed(ShownProposal(proposed)), stored: *stored };
            json::done(StatusCode::ACCEPTED, &told)
        }
        Alerted::All(alerts, proposed) => json::done(status, &All::of(alerts, proposed.as_deref())),
        Alerted::Prepared(prepared) => {
            json::done(status, &AllPrepared { prepared: prepared.iter().map(ShownPrepared).collect() })
        }
        Alerted::NotThere(refused) => return Err(Refusal::from(*refused).of_other_room().into()),
        Alerted::Unfilled(why) => return Err(Refusal::invalid_body(why.to_string()).into()),
        Alerted::Confirmed(person, stored) => {
            let (name, person) = &**person;
            json::done(status, &Confirmed { person: ShownPerson(name, person), stored: *stored })
        }
        Alerted::Shown => StatusCode::NO_CONTENT.into_response(),
        Alerted::Called(rolled) => json::done(status, &RollCall::of(rolled)),
        Alerted::Missing(rolled) => json::done(status, &RollCall::of(rolled)),
        Alerted::Roster(roster, _, stored) => {
            json::done(status, &Names { names: roster.names(), stored: *stored })
        }
    })
}
