// Not run by the tests. Written for Socket.IO-Client-Swift 16.1.1 (Package.swift beside it).
// swift run client URL ROOM NAME: prints what the room hears, and says each line of its standard input.
import Foundation
import SocketIO

let arguments = Array(CommandLine.arguments.dropFirst())
let url = arguments.count > 0 ? arguments[0] : "http://localhost:5000"
let room = arguments.count > 1 ? arguments[1] : "K7Q-FM2-XD9"
let name = arguments.count > 2 ? arguments[2] : "Ada"
let me: [String: Any] = ["name": name, "headless": true]
func with(_ key: String, _ value: String) -> [String: Any] { me.merging([key: value]) { $1 } }
func complain(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

let manager = SocketManager(socketURL: URL(string: url)!)
let socket = manager.defaultSocket

/// What is not acknowledged yet, in order. The library is used on the main queue only, as it asks for.
var waiting: [String] = []
var isIn = false
var isSaying = false
var isLast = false

/// Says each until the server has acknowledged it, rather twice than never; then leaves, where no more will come.
func sayNext() {
    guard isIn, !isSaying else { return }
    guard let msg = waiting.first else {
        if isLast { socket.emitWithAck("left", me).timingOut(after: 2) { _ in exit(0) } }
        return
    }
    isSaying = true
    socket.emitWithAck("text", with("msg", msg)).timingOut(after: 5) { answer in
        isSaying = false
        if answer.first as? String != SocketAckStatus.noAck.rawValue {
            waiting.removeFirst()
            let error = (answer.first as? [String: Any])?["error"] as? [String: Any]
            if let message = error?["message"] { complain("not sent: \(message)") }
        }
        sayNext()
    }
}

// On every connect, also after a reconnect: a new connection is in no room.
socket.on(clientEvent: .connect) { _, _ in
    socket.emitWithAck("joined", with("room", room)).timingOut(after: 10) { answer in
        let error = (answer.first as? [String: Any])?["error"] as? [String: Any]
        if let message = error?["message"] { complain("\(message)"); exit(1) }
        isIn = answer.first as? String != SocketAckStatus.noAck.rawValue
        sayNext()
    }
}
func msg(_ data: [Any]) -> String { (data.first as? [String: Any])?["msg"] as? String ?? "" }
socket.on("status") { data, _ in print("* \(msg(data))") }
socket.on("message") { data, _ in print(msg(data)) }
for event in [SocketClientEvent.disconnect, .reconnect] {
    socket.on(clientEvent: event) { why, _ in
        isIn = false
        complain("disconnected, messages may be missed: \(why)")
    }
}
socket.connect()

DispatchQueue.global().async {
    while let line = readLine() {
        DispatchQueue.main.async { waiting.append(line); sayNext() }
    }
    DispatchQueue.main.async { isLast = true; sayNext() }
}
dispatchMain()
