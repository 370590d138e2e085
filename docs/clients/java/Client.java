// Not run by the tests. Written for socket.io-client-java 2.1.2 (pom.xml beside it), Java 17.
// mvn -q compile exec:java -Dexec.args="URL ROOM NAME": prints what the room hears, and says each line of its standard input.
import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.json.JSONObject;

public class Client {
    public static void main(String[] args) throws Exception {
        String url = args.length > 0 ? args[0] : "http://localhost:5000";
        String room = args.length > 1 ? args[1] : "K7Q-FM2-XD9";
        String name = args.length > 2 ? args[2] : "Ada";
        Socket socket = IO.socket(URI.create(url));
        // For whoever speaks: "in" the room, "out" of it, or "said".
        BlockingQueue<String> news = new LinkedBlockingQueue<>();

        // On every connect, also after a reconnect: a new connection is in no room.
        socket.on(Socket.EVENT_CONNECT, none -> {
            JSONObject body = new JSONObject(Map.of("name", name, "headless", true, "room", room));
            socket.emit("joined", body, (Ack) answer -> {
                String why = refusal(answer);
                if (why == null) {
                    news.add("in");
                } else {
                    System.err.println(why);
                    System.exit(1);
                }
            });
        });
        socket.on("status", body -> System.out.println("* " + ((JSONObject) body[0]).optString("msg")));
        socket.on("message", body -> System.out.println(((JSONObject) body[0]).optString("msg")));
        socket.on(Socket.EVENT_DISCONNECT, why -> {
            System.err.println("disconnected, messages may be missed: " + why[0]);
            news.add("out");
        });
        socket.on(Socket.EVENT_CONNECT_ERROR, why -> System.err.println("cannot connect: " + why[0]));
        socket.connect();

        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        boolean isIn = false;
        for (String line; (line = lines.readLine()) != null; ) {
            JSONObject body = new JSONObject(Map.of("name", name, "headless", true, "msg", line));
            // Until the server has acknowledged it: rather heard twice than never.
            for (boolean isSaid = false; !isSaid; ) {
                for (String old; (old = isIn ? news.poll() : news.take()) != null; ) isIn = !old.equals("out");
                socket.emit("text", body, (Ack) answer -> {
                    if (refusal(answer) != null) System.err.println("not sent: " + refusal(answer));
                    news.add("said");
                });
                String next = news.take();
                isIn = !next.equals("out");
                isSaid = next.equals("said");
            }
        }
        JSONObject body = new JSONObject(Map.of("name", name, "headless", true));
        socket.emit("left", body, (Ack) answer -> news.add("left"));
        while (!"left".equals(news.poll(2, TimeUnit.SECONDS)) && socket.connected()) {}
        socket.disconnect();
    }

    private static String refusal(Object[] answer) {
        JSONObject error = ((JSONObject) answer[0]).optJSONObject("error");
        return error == null ? null : error.optString("message");
    }
}
