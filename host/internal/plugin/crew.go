package plugin

import "sync"

// crew is the goroutines that work for nobody in particular.
type crew struct {
	mu     sync.Mutex
	active int
	ending chan struct{} // made by wait, closed with the last one
}

// Go runs f on a goroutine of the crew.
func (c *crew) Go(f func()) {
	c.mu.Lock()
	c.active++
	c.mu.Unlock()
	go func() {
		defer c.leave()
		f()
	}()
}

func (c *crew) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active--
	if c.active == 0 && c.ending != nil {
		close(c.ending)
		c.ending = nil
	}
}

// wait returns when nobody works. Unlike a sync.WaitGroup it may be called
// while others begin.
func (c *crew) wait() {
	c.mu.Lock()
	if c.active == 0 {
		c.mu.Unlock()
		return
	}
	if c.ending == nil {
		c.ending = make(chan struct{})
	}
	ending := c.ending
	c.mu.Unlock()
	<-ending
}
