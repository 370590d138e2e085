// Not run by the tests. Written for socket.io-client-java 2.1.2 (build.gradle.kts beside it).
// gradle run --args="URL ROOM NAME": prints what the room hears, and says each line of its standard input.
import io.socket.client.Ack
import io.socket.client.IO
import io.socket.client.Socket
import java.net.URI
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.system.exitProcess
import org.json.JSONObject

fun main(args: Array<String>) {
    val url = args.getOrElse(0) { "http://localhost:5000" }
    val room = args.getOrElse(1) { "K7Q-FM2-XD9" }
    val name = args.getOrElse(2) { "Ada" }
    val socket = IO.socket(URI.create(url))
    fun body(vararg more: Pair<String, Any>) = JSONObject(mapOf("name" to name, "headless" to true, *more))
    fun msg(arguments: Array<out Any>) = (arguments[0] as JSONObject).optString("msg")
    fun refusal(answer: Array<out Any>) = (answer[0] as JSONObject).optJSONObject("error")?.optString("message")
    // For whoever speaks: "in" the room, "out" of it, or "said".
    val news = LinkedBlockingQueue<String>()

    // On every connect, also after a reconnect: a new connection is in no room.
    socket.on(Socket.EVENT_CONNECT) {
        socket.emit("joined", body("room" to room), Ack { answer ->
            refusal(answer)?.let { System.err.println(it); exitProcess(1) }
            news.add("in")
        })
    }
    socket.on("status") { println("* ${msg(it)}") }
    socket.on("message") { println(msg(it)) }
    socket.on(Socket.EVENT_DISCONNECT) {
        System.err.println("disconnected, messages may be missed: ${it[0]}")
        news.add("out")
    }
    socket.on(Socket.EVENT_CONNECT_ERROR) { System.err.println("cannot connect: ${it[0]}") }
    socket.connect()

    var isIn = false
    for (line in generateSequence(::readLine)) {
        // Until the server has acknowledged it: rather heard twice than never.
        do {
            while (true) isIn = (if (isIn) news.poll() ?: break else news.take()) != "out"
            socket.emit("text", body("msg" to line), Ack { answer ->
                refusal(answer)?.let { System.err.println("not sent: $it") }
                news.add("said")
            })
            val next = news.take()
            isIn = next != "out"
        } while (next != "said")
    }
    socket.emit("left", body(), Ack { news.add("left") })
    while (news.poll(2, TimeUnit.SECONDS) != "left" && socket.connected()) {}
    socket.disconnect()
}
