// Not run by the tests. Written for socket_io_client 3.1.5 (pubspec.yaml beside it), Dart 3.
// dart run client.dart URL ROOM NAME: prints what the room hears, and says each line of its standard input.
import 'dart:async';
import 'dart:convert';
import 'dart:io';
import 'package:socket_io_client/socket_io_client.dart' as io;

void main(List<String> args) async {
  final url = args.isNotEmpty ? args[0] : 'http://localhost:5000';
  final room = args.length > 1 ? args[1] : 'K7Q-FM2-XD9';
  final name = args.length > 2 ? args[2] : 'Ada';
  final me = {'name': name, 'headless': true};
  final socket = io.io(url, io.OptionBuilder().setTransports(['websocket']).disableAutoConnect().build());

  // Who speaks waits for `inRoom`, then for an answer, or for null when the connection ends.
  var inRoom = Completer<void>();
  var answered = Completer<dynamic>();

  // On every connect, also after a reconnect: a new connection is in no room.
  socket.onConnect((_) {
    socket.emitWithAck('joined', {...me, 'room': room}, ack: (answer) {
      if (answer['ok'] == true) return inRoom.complete();
      stderr.writeln(answer['error']['message']);
      exit(1);
    });
  });
  socket.on('status', (body) => print('* ${body['msg']}'));
  socket.on('message', (body) => print(body['msg']));
  socket.onDisconnect((why) {
    stderr.writeln('disconnected, messages may be missed: $why');
    if (inRoom.isCompleted) inRoom = Completer<void>();
    if (!answered.isCompleted) answered.complete(null);
  });
  socket.onConnectError((why) => stderr.writeln('cannot connect: $why'));
  socket.connect();

  await for (final line in stdin.transform(utf8.decoder).transform(const LineSplitter())) {
    // Until the server has acknowledged it: rather heard twice than never.
    dynamic answer;
    while (answer == null) {
      await inRoom.future;
      final asked = answered = Completer<dynamic>();
      socket.emitWithAck('text', {...me, 'msg': line}, ack: (answer) {
        if (!asked.isCompleted) asked.complete(answer);
      });
      answer = await asked.future;
    }
    if (answer['ok'] != true) stderr.writeln('not sent: ${answer['error']['message']}');
  }
  final left = Completer<void>();
  socket.emitWithAck('left', me, ack: (_) => left.complete());
  await left.future.timeout(const Duration(seconds: 2), onTimeout: () {});
  socket.dispose();
  exit(0);
}
