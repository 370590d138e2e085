// Not run by the tests. Written for SocketIOClient 3.1.2 (client.csproj beside it), .NET 8.
// dotnet run URL ROOM NAME: prints what the room hears, and says each line of its standard input.
using System.Text.Json;
using SocketIOClient;

var url = args.Length > 0 ? args[0] : "http://localhost:5000";
var room = args.Length > 1 ? args[1] : "D5DB";
var name = args.Length > 2 ? args[2] : "Ada";
var client = new SocketIOClient.SocketIO(url);
string? Msg(SocketIOResponse response) => response.GetValue<JsonElement>().GetProperty("msg").GetString();

// On every connect, also after a reconnect: a new connection is in no room.
client.OnConnected += async (_, _) =>
    await client.EmitAsync("joined", answer =>
    {
        if (answer.GetValue<JsonElement>().TryGetProperty("error", out var error))
            Console.Error.WriteLine(error.GetProperty("message").GetString());
    }, new { name, headless = true, room });
client.On("status", response => Console.WriteLine($"* {Msg(response)}"));
client.On("message", response => Console.WriteLine(Msg(response)));
client.OnDisconnected += (_, why) => Console.Error.WriteLine($"disconnected, messages may be missed: {why}");
await client.ConnectAsync();

while (await Console.In.ReadLineAsync() is { } msg)
{
    if (client.Connected) await client.EmitAsync("text", new { name, headless = true, msg });
    else Console.Error.WriteLine("not connected, not sent");
}
await client.EmitAsync("left", new { name, headless = true });
await client.DisconnectAsync();
