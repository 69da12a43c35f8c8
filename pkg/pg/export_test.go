package pg

// AssertDurable is what Open asks of a database, whatever AllowUnsafe says.
var AssertDurable = assertDurable
