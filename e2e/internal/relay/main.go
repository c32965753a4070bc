// Command relay passes TCP connections on. In the engine's network it lets a test be a registry on
// the engine's localhost, to which alone the engine speaks plain HTTP.
//
//	relay LISTEN TO
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		from, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go pass(from.(*net.TCPConn), os.Args[2])
	}
}

// pass joins a connection with a new one to the address.
func pass(from *net.TCPConn, address string) {
	defer from.Close()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		log.Print(err)
		return
	}
	defer connection.Close()
	to := connection.(*net.TCPConn)
	// When one end is cut, the other one is to notice: a test cuts connections in order to see what
	// happens.
	done := make(chan struct{}, 2)
	go func() { io.Copy(to, from); to.CloseWrite(); done <- struct{}{} }()
	go func() { io.Copy(from, to); from.Close(); done <- struct{}{} }()
	<-done
	<-done
}
