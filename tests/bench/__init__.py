"""How fast the house is: ratios, so that one machine's figures can be held against another's.

    make bench                          everything, in some four minutes; the figures are kept in var/bench/
    make bench ARGS=lists               one of: papers, memory, again, lists, requests, imports, figures, start
    make bench ARGS="--before FILE"     beside the figures of an earlier run

    content     the counties that are measured: one with 26 rows in every list, one with 260
    asking      a request through the whole site inside this process, its queries and where its time goes
    papers      the summary and the minutes: the whole job beside the layout engine alone; memory; asking again
    lists       every page of a county that can be opened, with 26 and 260 rows
    requests    the page of a round beside an empty view, on the real web server; where its time goes
    imports     figures into the database, beside a bare COPY of the same rows
    indicators  (figures) the pages of a real county's figures, with 100,000 and with 2,000,000 in the table
    start       what a first start waits for

Nothing here fails a test: time depends on the machine and on what else it does. A target that is missed is marked.
"""
