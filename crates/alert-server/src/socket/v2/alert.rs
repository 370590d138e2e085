//! `alert`: alerts are raised, changed, released, ended and prepared, and answered when that is stored.

use super::member::{Member, Place};
use super::moderate::{actor, answer};
use super::{Outcome, V2, name_required};
use crate::log::KeyDigest;
use crate::rooms::{Alerted, Elsewhere, Rooms, Sender, Visit};
use alert_core::access::Right;
use alert_core::room::policy::Shown;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{AlertAction, Alerting, Answer, Listed};
use socketio_server::Socket;

impl V2<'_> {
    pub(super) fn alert(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        AlertAction { room, name, key, shown, what }: AlertAction<'_>,
    ) -> Result<Outcome, Refusal> {
        let who = self.holder(member);
        let is_read = !what.is_in_a_name();
        let right = if is_read { Right::Read } else { Rooms::alert_right(&who, &room) };
        let place = member.place(&room);
        let name = match (place.and_then(Place::name), &who.name) {
            (Some(name), _) | (None, Some(name)) => Some(name.clone()),
            (None, None) if is_read => None,
            (None, None) => Some(self.identify(member, &room, name, name_required)?.1),
        };
        let (by, shown) = (actor(name.as_ref(), &who), member.shows(&shown));
        let (origin, any) = (self.origin(), member.shows(&Shown::default()));
        let elsewhere = Elsewhere { who: who.clone(), origin, shown: any };
        let is_there = place.is_some();
        let mut admitted = self.admit_from(place, &who, right, room)?;
        let (rooms, most) = (self.rooms.clone(), self.most_bytes);
        let key = key.zip(name.as_ref());
        let key = key.map(|(key, name)| KeyDigest::new(Sender::Person(name), admitted.code(), &key));
        Ok(self.go_on_after(socket, member, async move {
            let done = async {
                if shown.host.is_some() || !is_there {
                    let visit = match (name.as_ref(), &what) {
                        (Some(name), what) if !is_read => Rooms::alert_visit(what, name),
                        (_, Alerting::List | Alerting::Missing(_)) => Visit::Look,
                        _ => Visit::Alert(None),
                    };
                    rooms.let_in(&mut admitted, visit, &shown).await?;
                }
                match (name.as_ref(), what) {
                    (None, Alerting::Missing(id)) => rooms.missing(&admitted, id).await.map(Alerted::Missing),
                    (None, Alerting::Roster(what)) => rooms.rostered(&admitted, &by, what).await,
                    (None, Alerting::Prepared) => rooms.prepared(&admitted).await,
                    (None, Alerting::Prepare(what)) => rooms.prepare(&admitted, &by, what).await,
                    (None, _) => rooms.alerts(&admitted).await,
                    (Some(name), what) => rooms.alert(&admitted, (&by, name, &elsewhere), what, key).await,
                }
            };
            let done = done.await;
            let code = admitted.code().clone();
            answer(done.map(|alerted| match alerted {
                Alerted::InForce(alert, stored) => Answer::Alert(alert, stored),
                Alerted::Ended(ended, stored) => Answer::Ended(ended, stored),
                Alerted::Proposed(proposed, stored) => Answer::Proposed(proposed, stored),
                Alerted::Prepared(prepared) => Answer::Prepared(prepared),
                Alerted::NotThere(refused) => Answer::Refused(Refusal::from(refused).of_other_room()),
                Alerted::Unfilled(why) => Answer::Refused(Refusal::invalid_body(why.to_string())),
                Alerted::All(alerts, proposed) => Answer::Alerts(alerts, proposed),
                Alerted::Confirmed(person, stored) => Answer::Confirmed(person, stored),
                Alerted::Shown => Answer::Done,
                Alerted::Missing(rolled) => Answer::Missing(rolled),
                Alerted::Called(rolled) => Answer::RollCall(code, rolled),
                Alerted::Roster(roster, skip, stored) => {
                    Answer::Roster(Listed { roster, skip, stored, most })
                }
            }))
        }))
    }
}
