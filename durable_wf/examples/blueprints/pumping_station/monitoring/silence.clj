; What an event stream processor would do: raise an event where a pump says nothing.
(where (expired? event) (trigger event))
