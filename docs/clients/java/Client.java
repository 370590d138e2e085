// Not run by the tests. Written for socket.io-client-java 2.1.2 (pom.xml beside it), Java 17.
// mvn -q compile exec:java -Dexec.args="URL ROOM NAME": prints what the room hears, and says each line of its standard input.
import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.util.Map;
import org.json.JSONObject;

public class Client {
    public static void main(String[] args) throws Exception {
        String url = args.length > 0 ? args[0] : "http://localhost:5000";
        String room = args.length > 1 ? args[1] : "D5DB";
        String name = args.length > 2 ? args[2] : "Ada";
        Socket socket = IO.socket(URI.create(url));

        // On every connect, also after a reconnect: a new connection is in no room.
        socket.on(Socket.EVENT_CONNECT, none -> {
            JSONObject body = new JSONObject(Map.of("name", name, "headless", true, "room", room));
            socket.emit("joined", body, (Ack) answer -> {
                JSONObject error = ((JSONObject) answer[0]).optJSONObject("error");
                if (error != null) System.err.println(error.optString("message"));
            });
        });
        socket.on("status", body -> System.out.println("* " + ((JSONObject) body[0]).optString("msg")));
        socket.on("message", body -> System.out.println(((JSONObject) body[0]).optString("msg")));
        socket.on(Socket.EVENT_DISCONNECT, why -> System.err.println("disconnected, messages may be missed: " + why[0]));
        socket.on(Socket.EVENT_CONNECT_ERROR, why -> System.err.println("cannot connect: " + why[0]));
        socket.connect();

        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            if (socket.connected()) socket.emit("text", new JSONObject(Map.of("name", name, "headless", true, "msg", line)));
            else System.err.println("not connected, not sent");
        }
        socket.emit("left", new JSONObject(Map.of("name", name, "headless", true)), (Ack) answer -> socket.disconnect());
    }
}
