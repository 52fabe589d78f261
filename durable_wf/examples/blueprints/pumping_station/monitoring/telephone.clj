; What it would do then: call the number that the trigger is given.
(fn [event] (call (:number trigger)))
