"""`demo`: a deployment is started, its engine killed half-way, resumed, and what ran how often is proved.

`folders` keeps and removes what a demo makes, `story` types the commands, `proofs` compares what the operations
themselves wrote down with what the journal says.
"""
