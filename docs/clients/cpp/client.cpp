// Not run by the tests. Written for socket.io-client-cpp 3.1.0 (CMakeLists.txt beside it), C++17.
// client URL ROOM NAME: prints what the room hears, and says each line of its standard input.
#include <iostream>
#include <string>
#include <sio_client.h>

using sio::message;

int main(int count, char** arguments) {
    const std::string url = count > 1 ? arguments[1] : "http://localhost:5000";
    const std::string room = count > 2 ? arguments[2] : "D5DB";
    const std::string name = count > 3 ? arguments[3] : "Ada";
    const auto body = [&](const std::string& key = {}, const std::string& value = {}) {
        auto object = sio::object_message::create();
        object->get_map()["name"] = sio::string_message::create(name);
        object->get_map()["headless"] = sio::bool_message::create(true);
        if (!key.empty()) object->get_map()[key] = sio::string_message::create(value);
        return object;
    };
    sio::client client;
    // On every connect, also after a reconnect: a new connection is in no room.
    client.set_socket_open_listener([&](const std::string&) {
        client.socket()->emit("joined", body("room", room), [](const message::list& answer) {
            auto& keys = answer[0]->get_map();
            if (keys.count("error")) std::cerr << keys["error"]->get_map()["message"]->get_string() << std::endl;
        });
    });
    client.set_reconnecting_listener([] { std::cerr << "disconnected, messages may be missed" << std::endl; });
    const auto show = [](const std::string& before) {
        return [before](sio::event& event) {
            std::cout << before << event.get_message()->get_map()["msg"]->get_string() << std::endl;
        };
    };
    client.socket()->on("status", show("* "));
    client.socket()->on("message", show(""));
    client.connect(url);
    for (std::string line; std::getline(std::cin, line);) {
        if (client.opened()) client.socket()->emit("text", body("msg", line));
        else std::cerr << "not connected, not sent" << std::endl;
    }
    client.socket()->emit("left", body());
    client.sync_close();
}
