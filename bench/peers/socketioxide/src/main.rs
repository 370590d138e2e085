//! Alert's v1 events on socketioxide, served by axum, as its README shows. Two settings differ from its defaults, both in
//! its favour: `TCP_NODELAY`, and room for 4,096 packets a connection (of 128), above which it drops packets.

use axum::serve::ListenerExt;
use serde::{Deserialize, Serialize};
use socketioxide::SocketIo;
use socketioxide::extract::{Data, Extension, SocketRef};

#[derive(Deserialize)]
struct Joined {
    name: String,
    room: String,
}

#[derive(Deserialize)]
struct Text {
    name: String,
    msg: String,
}

#[derive(Deserialize)]
struct Left {
    name: String,
}

#[derive(Serialize)]
struct Message {
    msg: String,
}

#[derive(Clone)]
struct Room(String);

async fn joined(socket: SocketRef, Data(data): Data<Joined>) {
    socket.extensions.insert(Room(data.room.clone()));
    socket.join(data.room.clone());
    let status = Message { msg: format!("{} has entered the room.", data.name) };
    socket.within(data.room).emit("status", &status).await.ok();
}

async fn text(socket: SocketRef, Data(data): Data<Text>, Extension(Room(room)): Extension<Room>) {
    let message = Message { msg: format!("{}: {}", data.name, data.msg) };
    socket.within(room).emit("message", &message).await.ok();
}

async fn left(socket: SocketRef, Data(data): Data<Left>, Extension(Room(room)): Extension<Room>) {
    socket.leave(room.clone());
    let status = Message { msg: format!("{} has left the room.", data.name) };
    socket.within(room).emit("status", &status).await.ok();
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (layer, io) = SocketIo::builder().max_buffer_size(4096).build_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.on("joined", joined);
        socket.on("text", text);
        socket.on("left", left);
    });
    let port: u16 = std::env::var("PORT")?.parse()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, axum::Router::new().layer(layer)).await?;
    Ok(())
}
