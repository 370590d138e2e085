// Not run by the tests. Written for socket.io-client-java 2.1.2 (build.gradle.kts beside it).
// gradle run --args="URL ROOM NAME": prints what the room hears, and says each line of its standard input.
import io.socket.client.Ack
import io.socket.client.IO
import io.socket.client.Socket
import java.net.URI
import org.json.JSONObject

fun main(args: Array<String>) {
    val url = args.getOrElse(0) { "http://localhost:5000" }
    val room = args.getOrElse(1) { "D5DB" }
    val name = args.getOrElse(2) { "Ada" }
    val socket = IO.socket(URI.create(url))
    fun body(vararg more: Pair<String, Any>) = JSONObject(mapOf("name" to name, "headless" to true, *more))
    fun msg(arguments: Array<out Any>) = (arguments[0] as JSONObject).optString("msg")

    // On every connect, also after a reconnect: a new connection is in no room.
    socket.on(Socket.EVENT_CONNECT) {
        socket.emit("joined", body("room" to room), Ack { answer ->
            (answer[0] as JSONObject).optJSONObject("error")?.let { System.err.println(it.optString("message")) }
        })
    }
    socket.on("status") { println("* ${msg(it)}") }
    socket.on("message") { println(msg(it)) }
    socket.on(Socket.EVENT_DISCONNECT) { System.err.println("disconnected, messages may be missed: ${it[0]}") }
    socket.on(Socket.EVENT_CONNECT_ERROR) { System.err.println("cannot connect: ${it[0]}") }
    socket.connect()

    for (line in generateSequence(::readLine)) {
        if (socket.connected()) socket.emit("text", body("msg" to line))
        else System.err.println("not connected, not sent")
    }
    socket.emit("left", body(), Ack { socket.disconnect() })
}
