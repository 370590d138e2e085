//! A receiver of webhooks that answers as it is told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::server::DEADLINE;

/// What a receiver has been sent.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) body: Value,
    /// How many.
    pub(super) signatures: usize,
}

/// Takes what is posted, and answers with what it is told to, and then with 204.
pub(super) struct Hook {
    pub(super) address: String,
    pub(super) posts: Receiver<Post>,
    pub(super) answers: Arc<Mutex<VecDeque<&'static str>>>,
}

pub(super) const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";
/// No answer until there is a next one, which is the answer then.
pub(super) const HOLD: &str = "hold";

impl Hook {
    pub(super) fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/hook", listener.local_addr().unwrap());
        let (tell, posts) = channel();
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let next = Arc::clone(&answers);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tell, next) = (tell.clone(), Arc::clone(&next));
                std::thread::spawn(move || serve(&stream.unwrap(), &tell, &next));
            }
        });
        Self { address, posts, answers }
    }

    pub(super) fn next(&self) -> Post {
        self.posts.recv_timeout(DEADLINE).unwrap()
    }

    /// What the next messages say, without those that came before.
    pub(super) fn texts(&self, count: usize) -> Vec<String> {
        let mut seen: Vec<Post> = Vec::new();
        while seen.len() < count {
            let post = self.next();
            if seen.iter().all(|before| before.id != post.id) {
                seen.push(post);
            }
        }
        seen.iter().map(|post| post.body["data"]["msg"].as_str().unwrap().to_owned()).collect()
    }
}

/// Answers one request after the other, as long as the connection stays; an empty answer ends it.
fn serve(stream: &TcpStream, tell: &Sender<Post>, answers: &Mutex<VecDeque<&'static str>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut id, mut signatures) = (0, String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("webhook-id", value)) => value.clone_into(&mut id),
                Some(("webhook-signature", value)) => signatures = value.split(' ').count(),
                _ if line == "\r\n" => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let kind = body["type"].as_str().unwrap().to_owned();
        let _ = tell.send(Post { id, kind, body, signatures });
        let next = || answers.lock().unwrap().pop_front();
        let mut answer = next().unwrap_or(OK);
        while answer == HOLD {
            std::thread::sleep(Duration::from_millis(10));
            answer = next().unwrap_or(HOLD);
        }
        let mut stream = stream;
        let _ = stream.write_all(answer.as_bytes());
        if answer.is_empty() || answer.contains("close") {
            return;
        }
    }
}
