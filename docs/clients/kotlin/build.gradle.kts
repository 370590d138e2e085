plugins {
    kotlin("jvm") version "2.1.0"
    application
}

repositories { mavenCentral() }

dependencies { implementation("io.socket:socket.io-client:2.1.2") }

kotlin.sourceSets["main"].kotlin.srcDir(".")

application { mainClass = "ClientKt" }

tasks.named<JavaExec>("run") { standardInput = System.`in` }
