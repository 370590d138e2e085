//! `webhook`: the webhooks of a room, for its hosts: what there is, making and removing one, another secret, and a test.

use super::member::{Member, Place};
use super::moderate::actor;
use super::{Outcome, Then, V2};
use crate::rooms::{Refused, Visit};
use crate::webhook;
use alert_core::access::Right;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Answer, HookAction, Hooking};
use socketio_server::{AckId, Socket};
use std::pin::Pin;

/// What is answered, at once or when a receiver has answered: nobody's next event waits for that.
enum Done {
    Now(Answer),
    Later(Pin<Box<dyn Future<Output = Answer> + Send>>),
}

impl V2<'_> {
    pub(super) fn webhook(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        ack: Option<AckId>,
        HookAction { room, shown, mut what }: HookAction,
    ) -> Result<Outcome, Refusal> {
        if let Hooking::Add(asked) = &mut what {
            asked.url = webhook::target(self.rooms.outbound(), &asked.url)?;
        }
        let who = self.holder(member);
        let place = member.place(&room);
        let (by, shown) = (actor(place.and_then(Place::name), &who), member.shows(&shown));
        let is_there = place.is_some();
        let mut admitted = self.admit_from(place, &who, Right::Read, room)?;
        let rooms = self.rooms.clone();
        Ok(self.go_on_after(socket, member, async move {
            let done = async {
                if shown.host.is_some() || !is_there {
                    rooms.let_in(&mut admitted, Visit::Moderate, &shown).await?;
                }
                Ok(Done::Now(match what {
                    Hooking::List => Answer::Hooks(rooms.hooks(&admitted).await?),
                    Hooking::Add(asked) => {
                        let hook = rooms.add_hook(&admitted, &by, (asked.url, asked.tells)).await?;
                        let secret = webhook::shown(&hook.secret).into();
                        Answer::MadeHook(Box::new(hook), secret)
                    }
                    Hooking::Remove(id) => {
                        rooms.remove_hook(&admitted, &by, id).await?;
                        Answer::Done
                    }
                    Hooking::NewSecret(id) => {
                        let secret = rooms.change_hook(&admitted, &by, id).await?;
                        Answer::NewSecret(webhook::shown(&secret).into())
                    }
                    Hooking::Test(id) => {
                        let test = rooms.test_hook(&admitted, id).await?;
                        let answer = async { Answer::Tested(test.await.into()) };
                        return Ok(Done::Later(Box::pin(answer)));
                    }
                }))
            };
            let done: Result<Done, Refused> = done.await;
            let then: Then = Box::new(move |v2, socket, _| {
                let answer = match done? {
                    Done::Now(answer) => return Ok(Outcome::Answered(answer)),
                    Done::Later(answer) => answer,
                };
                let ack = ack.map(|id| socket.ack_later(id));
                v2.runtime.spawn(async move {
                    let answer = answer.await;
                    ack.into_iter().for_each(|ack| ack.send(&answer.arguments()));
                });
                Ok(Outcome::AnsweredLater)
            });
            then
        }))
    }
}
