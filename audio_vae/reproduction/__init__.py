"""The paper's experiments and RESULTS.md, as `audio-vae reproduce` makes them.

experiment       what an experiment is
experiments      which there are: what is trained, as data
reproduce        trains an experiment, evaluates it and collects the result
processes        runs several commands one after the other
bounds           measures what a perfect decoder could reach
results          writes and reads the folder of results
targets          which figures are reached and which are missed
tables           the tables of RESULTS.md
protocol_tables  those with the paper's figures under both protocols
page             writes RESULTS.md
"""
