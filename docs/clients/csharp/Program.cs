// Not run by the tests. Written for SocketIOClient 3.1.2 (client.csproj beside it), .NET 8.
// dotnet run URL ROOM NAME: prints what the room hears, and says each line of its standard input.
using System.Text.Json;
using System.Threading.Channels;
using SocketIOClient;

var url = args.Length > 0 ? args[0] : "http://localhost:5000";
var room = args.Length > 1 ? args[1] : "K7Q-FM2-XD9";
var name = args.Length > 2 ? args[2] : "Ada";
var client = new SocketIOClient.SocketIO(url);
string? Msg(SocketIOResponse response) => response.GetValue<JsonElement>().GetProperty("msg").GetString();
string? Refusal(SocketIOResponse answer) =>
    answer.GetValue<JsonElement>().TryGetProperty("error", out var error) ? error.GetProperty("message").GetString() : null;
// For whoever speaks: "in" the room, "out" of it, or "said".
var news = Channel.CreateUnbounded<string>();

// On every connect, also after a reconnect: a new connection is in no room.
client.OnConnected += async (_, _) =>
    await client.EmitAsync("joined", answer =>
    {
        if (Refusal(answer) is { } why)
        {
            Console.Error.WriteLine(why);
            Environment.Exit(1);
        }
        news.Writer.TryWrite("in");
    }, new { name, headless = true, room });
client.On("status", response => Console.WriteLine($"* {Msg(response)}"));
client.On("message", response => Console.WriteLine(Msg(response)));
client.OnDisconnected += (_, why) =>
{
    Console.Error.WriteLine($"disconnected, messages may be missed: {why}");
    news.Writer.TryWrite("out");
};
await client.ConnectAsync();

var isIn = false;
while (await Console.In.ReadLineAsync() is { } msg)
{
    // Until the server has acknowledged it: rather heard twice than never.
    for (var next = ""; next != "said";)
    {
        while (!isIn) isIn = await news.Reader.ReadAsync() == "in";
        while (news.Reader.TryRead(out var old)) isIn = old != "out";
        if (!isIn) continue;
        await client.EmitAsync("text", answer =>
        {
            if (Refusal(answer) is { } why) Console.Error.WriteLine($"not sent: {why}");
            news.Writer.TryWrite("said");
        }, new { name, headless = true, msg });
        next = await news.Reader.ReadAsync();
        isIn = next != "out";
    }
}
if (client.Connected)
{
    var left = new TaskCompletionSource();
    await client.EmitAsync("left", _ => left.TrySetResult(), new { name, headless = true });
    await Task.WhenAny(left.Task, Task.Delay(2000));
}
await client.DisconnectAsync();
