//! What a client has shown of itself when it connected: a token, which may end while it is connected.

use crate::auth::{Access, Holding};
use alert_core::access::{End, Principal};
use alert_core::wire;
use alert_core::wire::v1::{Notice, Refusal};
use alert_core::{access::Denied, names::UserName};
use serde_json::value::RawValue;
use socketio_server::{CloseReason, ConnectionId, Hub, Refused, Socket};

use super::recovery::Auth;

/// Whoever holds a token.
pub struct Credential {
    who: Principal,
    _holding: Option<Holding>,
}

impl Credential {
    /// Of a client that connects with `auth`; nothing, where it shows nothing.
    ///
    /// # Errors
    /// What it is told if its token does not count.
    pub(super) fn read(
        access: &Access,
        socket: &Socket<'_>,
        auth: &Auth,
    ) -> Result<Option<Box<Self>>, Refused> {
        let Some(token) = auth.token() else { return Ok(None) };
        let who = match access.connects(token) {
            Ok(Some(who)) => who,
            Ok(None) => return Ok(None),
            Err(wrong) => {
                let code = wrong.code();
                tracing::info!(code, "refused a token: {wrong}");
                let data = RawValue::from_string(format!("{{\"code\":\"{code}\"}}")).ok();
                return Err(Refused { message: wrong.to_string(), data });
            }
        };
        let (hub, connection) = (socket.hub().clone(), socket.connection());
        let (is_v2, is_open) = (socket.namespace() == wire::v2::NAMESPACE, access.is_open());
        let waker = socket.waker();
        let on_end = move |end| {
            ended(&hub, connection, end, is_v2, is_open);
            // Where they may go on as anybody, they may not go on everywhere.
            waker.wake();
        };
        let holding = who.token().map(|token| access.hold(token, Box::new(on_end)));
        Ok(Some(Box::new(Self { who, _holding: holding })))
    }

    pub(super) fn who(&self) -> &Principal {
        &self.who
    }

    /// The name that it fixes.
    pub(super) fn name(&self) -> Option<&UserName> {
        self.who.name.as_ref()
    }
}

/// The holder of a token that has ended may do what anybody may. Where that is nothing, and after a revocation, there is
/// nothing left for it here: it has to come with a new token.
fn ended(hub: &Hub, connection: ConnectionId, end: End, is_v2: bool, is_open: bool) {
    let refusal = Refusal::from(Denied::Ended(end));
    let closes = !is_open || end == End::Revoked;
    if is_v2 {
        hub.send(connection, wire::v2::error(&refusal).into());
    } else if closes {
        hub.send(connection, Notice::refused(&refusal).packet().into());
    }
    if closes {
        hub.close_for(connection, closing(end));
    }
}

/// Why a connection is closed whose token has ended.
pub(crate) fn closing(end: End) -> CloseReason {
    CloseReason::Dismissed(match end {
        End::Expired => "the token has expired",
        End::Revoked => "the token has been revoked",
    })
}
