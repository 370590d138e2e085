"""Alert's v1 events on python-socketio's asyncio server, to be served by uvicorn:
https://python-socketio.readthedocs.io/en/latest/server.html
"""

import socketio

sio = socketio.AsyncServer(async_mode="asgi")
app = socketio.ASGIApp(sio)


@sio.event
async def joined(sid, data):
    await sio.save_session(sid, {"room": data["room"]})
    await sio.enter_room(sid, data["room"])
    await sio.emit("status", {"msg": f"{data['name']} has entered the room."}, room=data["room"])


@sio.event
async def text(sid, data):
    session = await sio.get_session(sid)
    await sio.emit("message", {"msg": f"{data['name']}: {data['msg']}"}, room=session["room"])


@sio.event
async def left(sid, data):
    session = await sio.get_session(sid)
    await sio.leave_room(sid, session["room"])
    await sio.emit("status", {"msg": f"{data['name']} has left the room."}, room=session["room"])
