"""Alert's v1 events on Flask-SocketIO, to be served by gunicorn with its gevent worker:
https://flask-socketio.readthedocs.io/en/latest/deployment.html
"""

import os

from flask import Flask, session
from flask_socketio import SocketIO, emit, join_room, leave_room

app = Flask(__name__)
app.config["SECRET_KEY"] = "bench"
# With a message queue it is one of several that share their rooms.
socketio = SocketIO(app, async_mode="gevent", message_queue=os.environ.get("REDIS"))


@socketio.on("joined")
def joined(data):
    session["room"] = data["room"]
    join_room(data["room"])
    emit("status", {"msg": f"{data['name']} has entered the room."}, to=data["room"])


@socketio.on("text")
def text(data):
    emit("message", {"msg": f"{data['name']}: {data['msg']}"}, to=session["room"])


@socketio.on("left")
def left(data):
    room = session["room"]
    leave_room(room)
    emit("status", {"msg": f"{data['name']} has left the room."}, to=room)
