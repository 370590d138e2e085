// swift-tools-version:5.5
import PackageDescription

let package = Package(
    name: "client",
    platforms: [.macOS(.v10_15)],
    dependencies: [
        .package(url: "https://github.com/socketio/socket.io-client-swift", exact: "16.1.1")
    ],
    targets: [
        .executableTarget(
            name: "client",
            dependencies: [.product(name: "SocketIO", package: "socket.io-client-swift")],
            path: ".",
            sources: ["main.swift"])
    ]
)
