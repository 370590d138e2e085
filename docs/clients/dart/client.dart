// Not run by the tests. Written for socket_io_client 3.1.5 (pubspec.yaml beside it), Dart 3.
// dart run client.dart URL ROOM NAME: prints what the room hears, and says each line of its standard input.
import 'dart:convert';
import 'dart:io';
import 'package:socket_io_client/socket_io_client.dart' as io;

void main(List<String> args) {
  final url = args.isNotEmpty ? args[0] : 'http://localhost:5000';
  final room = args.length > 1 ? args[1] : 'D5DB';
  final name = args.length > 2 ? args[2] : 'Ada';
  final me = {'name': name, 'headless': true};
  final socket = io.io(url, io.OptionBuilder().setTransports(['websocket']).disableAutoConnect().build());

  // On every connect, also after a reconnect: a new connection is in no room.
  socket.onConnect((_) {
    socket.emitWithAck('joined', {...me, 'room': room}, ack: (answer) {
      if (answer['ok'] != true) stderr.writeln(answer['error']['message']);
    });
  });
  socket.on('status', (body) => print('* ${body['msg']}'));
  socket.on('message', (body) => print(body['msg']));
  socket.onDisconnect((why) => stderr.writeln('disconnected, messages may be missed: $why'));
  socket.onConnectError((why) => stderr.writeln('cannot connect: $why'));
  socket.connect();

  stdin.transform(utf8.decoder).transform(const LineSplitter()).listen((line) {
    if (socket.connected) {
      socket.emit('text', {...me, 'msg': line});
    } else {
      stderr.writeln('not connected, not sent');
    }
  }, onDone: () => socket.emitWithAck('left', me, ack: (_) => socket.dispose()));
}
