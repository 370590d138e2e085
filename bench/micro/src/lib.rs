//! What the micro-benchmarks measure, for both of them: `benches/time.rs` takes the time, `benches/instructions.rs`
//! counts instructions, which do not depend on the machine's other work.

use http::Response;
use http_body_util::{BodyExt, Empty};
use socketio_protocol::socket::{
    attachments::Decoder,
    encode::{self, Arguments},
};
use socketio_server::{App, AppAnswer, Publication, hot_path::HotPath};
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tower::{ServiceExt, service_fn};

/// What a client of v1 sends.
pub const TEXT: &str = r#"2["text",{"name":"Ada","headless":true,"msg":"Class ends in 5 minutes"}]"#;

/// Reads an event.
pub fn decode(text: &str) -> usize {
    let mut decoder = Decoder::new();
    decoder.text(text, 1_000_000).ok().flatten().map_or(0, |packet| packet.namespace().len())
}

/// Renders a message for every receiver.
pub fn encode(msg: &str) -> Publication {
    let args = Arguments::new().json(&serde_json::json!({ "msg": msg })).unwrap_or_default();
    encode::event("/", None, "message", &args).into()
}

/// A room, and the runtime that its sockets need.
pub struct Room {
    pub path: HotPath,
    runtime: LocalRuntime,
}

impl Room {
    pub fn new(members: usize) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .expect("a runtime");
        let path = runtime.block_on(async {
            let path = HotPath::new(members, no_app()).expect("sockets");
            // The runtime hears from the system that the sockets can be written to.
            tokio::time::sleep(Duration::from_millis(50)).await;
            path
        });
        Self { path, runtime }
    }

    /// Publishes `messages` and flushes once.
    pub fn publish(&mut self, publication: &Publication, messages: usize) {
        let path = &self.path;
        self.runtime.block_on(async {
            for _ in 0..messages {
                path.deliver(publication);
            }
            path.flush();
        });
    }

    /// Makes space in the sockets for the next round.
    pub fn drain(&mut self) {
        self.path.drain().expect("whole sockets");
    }
}

fn no_app() -> App {
    service_fn(async |_| {
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        Ok(AppAnswer::Whole(Response::new(body)))
    })
        .boxed_clone()
}
