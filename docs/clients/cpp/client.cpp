// Not run by the tests. Written for socket.io-client-cpp 3.1.0 (CMakeLists.txt beside it), C++17.
// client URL ROOM NAME: prints what the room hears, and says each line of its standard input.
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <sio_client.h>

using sio::message;

int main(int count, char** arguments) {
    const std::string url = count > 1 ? arguments[1] : "http://localhost:5000";
    const std::string room = count > 2 ? arguments[2] : "K7Q-FM2-XD9";
    const std::string name = count > 3 ? arguments[3] : "Ada";
    const auto body = [&](const std::string& key = {}, const std::string& value = {}) {
        auto object = sio::object_message::create();
        object->get_map()["name"] = sio::string_message::create(name);
        object->get_map()["headless"] = sio::bool_message::create(true);
        if (!key.empty()) object->get_map()[key] = sio::string_message::create(value);
        return object;
    };
    // What whoever speaks waits for.
    std::mutex mutex;
    std::condition_variable changed;
    bool is_in = false, is_said = false;
    const auto now = [&](bool& what, bool value) {
        const std::lock_guard<std::mutex> lock(mutex);
        what = value;
        changed.notify_all();
    };
    const auto complain = [](const std::string& before, const message::list& answer) {
        auto& keys = answer[0]->get_map();
        if (!keys.count("error")) return false;
        std::cerr << before << keys["error"]->get_map()["message"]->get_string() << std::endl;
        return true;
    };
    sio::client client;
    // On every connect, also after a reconnect: a new connection is in no room.
    client.set_socket_open_listener([&](const std::string&) {
        client.socket()->emit("joined", body("room", room), [&](const message::list& answer) {
            if (complain("", answer)) std::exit(1);
            now(is_in, true);
        });
    });
    client.set_reconnecting_listener([&] {
        std::cerr << "disconnected, messages may be missed" << std::endl;
        now(is_in, false);
    });
    const auto show = [](const std::string& before) {
        return [before](sio::event& event) {
            std::cout << before << event.get_message()->get_map()["msg"]->get_string() << std::endl;
        };
    };
    client.socket()->on("status", show("* "));
    client.socket()->on("message", show(""));
    client.connect(url);
    for (std::string line; std::getline(std::cin, line);) {
        // Until the server has acknowledged it: rather heard twice than never.
        for (is_said = false; !is_said;) {
            std::unique_lock<std::mutex> lock(mutex);
            changed.wait(lock, [&] { return is_in; });
            lock.unlock();
            client.socket()->emit("text", body("msg", line), [&](const message::list& answer) {
                complain("not sent: ", answer);
                now(is_said, true);
            });
            lock.lock();
            changed.wait(lock, [&] { return is_said || !is_in; });
        }
    }
    bool has_left = false;
    client.socket()->emit("left", body(), [&](const message::list&) { now(has_left, true); });
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(2), [&] { return has_left; });
    lock.unlock();
    client.sync_close();
}
