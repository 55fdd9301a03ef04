package main

import "golang.org/x/sys/unix"

// reservePorts picks a free loopback port for each name and holds it for as long
// as this process lives. The holder is bound but does not listen; the components
// share the port with it (SO_REUSEPORT), and nothing else can take it, neither
// before they have started nor while they are stopped.
func reservePorts(names ...string) (map[string]int, error) {
	ports := map[string]int{}
	for _, name := range names {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return nil, err
		}
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			return nil, err
		}
		bound, err := unix.Getsockname(fd)
		if err != nil {
			return nil, err
		}
		ports[name] = bound.(*unix.SockaddrInet4).Port
	}
	return ports, nil
}
