// Not run by the tests. Written for Socket.IO-Client-Swift 16.1.1 (Package.swift beside it).
// swift run client URL ROOM NAME: prints what the room hears, and says each line of its standard input.
import Foundation
import SocketIO

let arguments = Array(CommandLine.arguments.dropFirst())
let url = arguments.count > 0 ? arguments[0] : "http://localhost:5000"
let room = arguments.count > 1 ? arguments[1] : "D5DB"
let name = arguments.count > 2 ? arguments[2] : "Ada"
let me: [String: Any] = ["name": name, "headless": true]
func with(_ key: String, _ value: String) -> [String: Any] { me.merging([key: value]) { $1 } }
func complain(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

let manager = SocketManager(socketURL: URL(string: url)!)
let socket = manager.defaultSocket

// On every connect, also after a reconnect: a new connection is in no room.
socket.on(clientEvent: .connect) { _, _ in
    socket.emitWithAck("joined", with("room", room)).timingOut(after: 10) { answer in
        let error = (answer.first as? [String: Any])?["error"] as? [String: Any]
        if let message = error?["message"] { complain("\(message)") }
    }
}
func msg(_ data: [Any]) -> String { (data.first as? [String: Any])?["msg"] as? String ?? "" }
socket.on("status") { data, _ in print("* \(msg(data))") }
socket.on("message") { data, _ in print(msg(data)) }
socket.on(clientEvent: .disconnect) { why, _ in complain("disconnected, messages may be missed: \(why)") }
socket.on(clientEvent: .reconnect) { why, _ in complain("disconnected, messages may be missed: \(why)") }
socket.connect()

// The library is used on the main queue only, as it asks for.
DispatchQueue.global().async {
    while let line = readLine() {
        DispatchQueue.main.async {
            if socket.status == .connected { socket.emit("text", with("msg", line)) }
            else { complain("not connected, not sent") }
        }
    }
    DispatchQueue.main.async {
        socket.emitWithAck("left", me).timingOut(after: 2) { _ in exit(0) }
    }
}
dispatchMain()
