//! `push`: a device of somebody in a room is told of its alerts while its page is closed, or no more.

use super::member::Member;
use super::{Outcome, Then, V2};
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Answer, Push, Pushing};
use socketio_server::Socket;

impl V2<'_> {
    pub(super) fn push(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        Push { room, what }: Push,
    ) -> Result<Outcome, Refusal> {
        let presence = member.presence_in(&room).ok_or_else(Refusal::not_in_room)?;
        let (subscription, quiet) = match what {
            // Also where nothing is sent any more.
            Pushing::Unsubscribe(device) => {
                self.rooms.drop_device(&room, device);
                return Ok(Outcome::Answered(Answer::Done));
            }
            Pushing::Key => {
                let push = self.rooms.push().ok_or_else(Refusal::push_off)?;
                return Ok(Outcome::Answered(Answer::PushKey(push.key())));
            }
            Pushing::Subscribe(subscription, quiet) => (*subscription, quiet),
        };
        let push = self.rooms.push().ok_or_else(Refusal::push_off)?;
        push.check(&subscription)
            .map_err(|problem| Refusal::invalid_body(format!("subscription: {problem}.")))?;
        let device = presence.device(subscription, quiet);
        let rooms = self.rooms.clone();
        Ok(self.go_on_after(socket, member, async move {
            let done = rooms.put_device(&room, device).await;
            let then: Then = Box::new(move |_, _, _| match done {
                Ok(()) => Ok(Outcome::Answered(Answer::Done)),
                Err(refused) => Err(refused.into()),
            });
            then
        }))
    }
}
