using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Ledger.Merkle;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using static Flagstone.Platform.Tests.Storage.KernelStore;

namespace Flagstone.Platform.Tests.Storage;

/// <summary>What every database must do; run on SQLite and on PostgreSQL.</summary>
public abstract class StorageConformance
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Stores of so many processes over one new database.</summary>
    private protected abstract Task<IReadOnlyList<KernelStore>> OpenAsync(int processes);

    protected abstract int MaxProcesses { get; }

    [Fact]
    public async Task A_start_wakes_what_no_controller_has_seen_in_its_present_form_and_nothing_else()
    {
        await using var store = (await OpenAsync(1))[0];
        // More than two pages of resources that nobody looked at.
        var unseen = Enumerable.Range(0, 450).Select(i => Widget($"unseen-{i:000}")).ToList();
        await store.CommitAsync([.. unseen.Select(k => Create(k))]);
        await store.CommitAsync(
            WithStatus(Widget("seen"), """{"conditions":[{"type":"Ready"}]}"""), WithStatus(Widget("current"), """{"observedGeneration":3}"""),
            WithStatus(Widget("outdated"), """{"observedGeneration":2,"conditions":[{"type":"Ready"}]}"""), Create(Widget("waiting")));
        var later = DateTimeOffset.UnixEpoch.AddYears(130);
        await new DueIndex(store.Database, store.Writer).SetAsync([new DueChange("widget", Widget("waiting").ToString(), later, Attempt: 5)], Ct);
        var controller = new Controller("widget", (_, _) => throw new System.Diagnostics.UnreachableException(), row => row.Key.Kind == Widgets ? [row.Key.ToString()] : []);

        // Two processes start one after the other: the second finds all due already.
        for (var start = 0; start < 2; start++)
        {
            using var sweep = new StartSweep(store.Database, store.Kinds, store.Tail, store.Writer, [controller], TimeProvider.System, NullLogger<StartSweep>.Instance);
            await sweep.StartAsync(Ct);
            await sweep.ExecuteTask!.WaitAsync(Idle, Ct);
        }

        var due = (await Task.WhenAll(Enumerable.Range(0, DuePartition.Count).Select(p => new DueIndex(store.Database, store.Writer).ReadAsync(p, later, 1000, Ct))))
            .SelectMany(d => d).ToDictionary(d => d.Key);
        Assert.Equal(unseen.Append(Widget("outdated")).Append(Widget("waiting")).Select(k => k.ToString()).Order(), due.Keys.Order());
        Assert.Equal((later, 5), (due[Widget("waiting").ToString()].At, due[Widget("waiting").ToString()].Attempt));
        Assert.All(due.Values, d => Assert.True(d.Stamp == 1));
    }

    [Fact]
    public async Task Revisions_superseded_before_the_limit_are_forgotten_and_every_later_change_can_be_told()
    {
        await using var store = (await OpenAsync(1))[0];
        var (edited, deleted) = (Widget("edited"), Widget("deleted"));
        await store.CommitAsync(Create(edited));
        await store.CommitAsync(Create(deleted), Update(edited, 1, "second"));
        await store.CommitAsync(Update(edited, 3, "third"));
        await store.CommitAsync(Delete(deleted, 2));
        await DispatchedAsync(store, 5);
        var third = (await new LedgerHistory(store.Database).AtAsync(4, Ct))!.At;

        Assert.True(await store.Compaction.StepAsync(third, Ct));

        Assert.False(await store.Compaction.StepAsync(third, Ct));
        Assert.Equal(3, await store.Compaction.PointAsync(Ct));
        Assert.Null(await store.Resources.RevisionAsync(edited, 1, Ct));
        // The limit passed the second version's own row, but what superseded it is young.
        Assert.NotNull(await store.Resources.RevisionAsync(edited, 3, Ct));
        var later = await store.Reader.ReadAsync(3, 10, Ct);
        Assert.Equal([(4L, false), (5L, false)], later.Select(r => (r.Sequence, r.Body.IsEmpty)));
    }

    [Fact]
    public async Task The_ledger_and_what_there_is_now_outlive_all_revisions()
    {
        await using var store = (await OpenAsync(1))[0];
        await store.CommitAsync(Create(Widget("edited")), Create(Widget("deleted")));
        await store.CommitAsync(Update(Widget("edited"), 1, "second"), Delete(Widget("deleted"), 2));
        await DispatchedAsync(store, 4);
        var root = (await store.Log.HeadAsync(Ct)).Root;

        Assert.True(await store.Compaction.StepAsync(DateTimeOffset.UnixEpoch.AddYears(130), Ct));

        Assert.Equal(4, await store.Compaction.PointAsync(Ct));
        Assert.Equal(0, await RevisionsAsync(store));
        Assert.Equal("second", (await store.Resources.FindAsync(Widget("edited"), Ct))!.ToDocument().Text("spec"));
        var rows = await store.Reader.ReadAsync(0, 10, Ct);
        Assert.Equal(
            [(1L, ChangeType.Added, true), (2, ChangeType.Added, true), (3, ChangeType.Modified, false), (4, ChangeType.Deleted, true)],
            rows.Select(r => (r.Sequence, r.Change, r.Body.IsEmpty)));
        Assert.Equal(root, (await store.Log.HeadAsync(Ct)).Root);
        await store.CommitAsync(Update(Widget("edited"), 3, "third"));
        Assert.NotNull(await store.Resources.RevisionAsync(Widget("edited"), 3, Ct));
    }

    [Fact]
    public async Task A_backlog_is_forgotten_in_pages_and_nothing_that_is_not_dispatched_yet()
    {
        await using var store = (await OpenAsync(1))[0];
        var keys = Enumerable.Range(0, Compaction.PageRows).Select(i => Widget($"w{i:000}")).ToList();
        await store.CommitAsync([.. keys.Select(k => Create(k))]);
        await store.CommitAsync([.. keys.Select((k, i) => Update(k, i + 1, "second"))]);
        await DispatchedAsync(store, Compaction.PageRows + 20);
        var later = DateTimeOffset.UnixEpoch.AddYears(130);
        var points = new List<(long, long)>();

        while (await store.Compaction.StepAsync(later, Ct))
        {
            points.Add((await store.Compaction.PointAsync(Ct), await RevisionsAsync(store)));
        }

        Assert.Equal([(Compaction.PageRows, Compaction.PageRows), (Compaction.PageRows + 20, Compaction.PageRows - 20)], points);
    }

    [Fact]
    public async Task Processes_that_compact_at_once_never_forget_more_than_the_point_says()
    {
        var stores = await OpenAsync(MaxProcesses);
        var key = Widget("a");
        await stores[0].CommitAsync(Create(key));
        for (var version = 1; version < 60; version++)
        {
            await stores[0].CommitAsync(Update(key, version, $"v{version}"));
        }

        await DispatchedAsync(stores[0], 60);
        var history = new LedgerHistory(stores[0].Database);
        var (early, late) = ((await history.AtAsync(20, Ct))!.At, (await history.AtAsync(40, Ct))!.At);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => stores[i % stores.Count].Compaction.StepAsync(i % 2 == 0 ? early : late, Ct)));

        var point = await stores[0].Compaction.PointAsync(Ct);
        Assert.Equal(39, point);
        Assert.DoesNotContain(await stores[0].Reader.ReadAsync(point, 100, Ct), r => r.Body.IsEmpty);
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    private static Task<CommitOutcome> DispatchedAsync(KernelStore store, long sequence) => store.Writer.CommitAsync(
        new Unit { Actor = new Actor("u-test"), Origin = "reconcile", Sql = [FeedCursors.Move("dispatcher", 0, sequence)] }, Ct);

    private static async Task<long> RevisionsAsync(KernelStore store)
    {
        await using var connection = await store.Database.OpenAsync(Ct);
        await using var command = connection.Command("SELECT count(*) FROM revision");
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    [Fact]
    public async Task A_committed_resource_is_read_with_its_sequence_as_its_version()
    {
        await using var store = (await OpenAsync(1))[0];

        var outcome = Assert.IsType<Committed>(await store.CommitAsync(Create(Widget("a")), Create(Widget("b"))));

        Assert.Equal([1L, 2L], outcome.Versions);
        var found = await store.Resources.FindAsync(Widget("b"), Ct);
        Assert.Equal(2, found!.Version);
        Assert.Equal("2", found.ToDocument().Metadata().Text("resourceVersion"));
    }

    [Fact]
    public async Task Each_of_many_that_read_at_once_gets_what_it_asked_for()
    {
        await using var store = (await OpenAsync(1))[0];
        await store.CommitAsync([.. Enumerable.Range(0, 100).Select(i => Create(Widget($"w{i}")))]);

        var found = await Task.WhenAll(Enumerable.Range(0, 600).Select(i => store.Resources.FindAsync(Widget($"w{i % 200}"), Ct)));

        for (var i = 0; i < found.Length; i++)
        {
            Assert.Equal(i % 200 < 100 ? $"w{i % 200}" : null, found[i]?.ToDocument().Metadata().Text("name"));
        }
    }

    [Fact]
    public async Task Of_two_writers_that_saw_the_same_version_one_is_told_what_it_is_now()
    {
        await using var store = (await OpenAsync(1))[0];
        await store.CommitAsync(Create(Widget("a")));

        var outcomes = await Task.WhenAll(store.CommitAsync(Update(Widget("a"), 1, "x")), store.CommitAsync(Update(Widget("a"), 1, "y")));

        Assert.Single(outcomes.OfType<Committed>());
        var lost = Assert.Single(outcomes.OfType<Conflicted>());
        Assert.Equal((1L, 2L), (lost.Expected, lost.Actual));
    }

    [Fact]
    public async Task A_unit_whose_precondition_moved_stores_nothing_of_itself()
    {
        await using var store = (await OpenAsync(1))[0];
        await store.CommitAsync(Create(Widget("policy")));
        await store.CommitAsync(Update(Widget("policy"), 1, "stricter"));

        var outcome = await store.Writer.CommitAsync(Unit(Create(Widget("a"))) with { Requires = [new Precondition(Widget("policy"), 1)] }, Ct);

        Assert.Equal(new Conflicted(Widget("policy"), 1, 2), outcome);
        Assert.Null(await store.Resources.FindAsync(Widget("a"), Ct));
        Assert.Equal(2, await store.Reader.HeadAsync(Ct));
    }

    [Fact]
    public async Task Of_units_with_the_same_guard_one_is_stored_and_the_others_leave_no_trace()
    {
        var stores = await OpenAsync(MaxProcesses);
        var free = new Guard("free", new SqlStatement("SELECT 1 AS free WHERE NOT EXISTS (SELECT 1 FROM feed_cursor WHERE consumer = @c)", ("c", "taken")));
        var take = new SqlStatement("INSERT INTO feed_cursor (consumer, position) VALUES (@c, @p)", ("c", "taken"), ("p", 1L));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => stores[i % stores.Count].Writer.CommitAsync(
            Unit(Create(Widget($"w{i}"))) with { Guards = [free], Sql = [take] }, Ct)));

        Assert.Single(outcomes.OfType<Committed>());
        Assert.All(outcomes.OfType<Unmet>(), o => Assert.Equal("free", o.Guard));
        Assert.Equal(23, outcomes.OfType<Unmet>().Count());
        Assert.Equal(1, await stores[0].Reader.HeadAsync(Ct));
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task Of_units_with_guards_in_scopes_of_their_own_one_of_each_scope_is_stored()
    {
        const int scopes = 8;
        var stores = await OpenAsync(MaxProcesses);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 3 * scopes).Select(async i =>
        {
            var scope = $"scope-{i % scopes}";
            var free = new Guard("free", new SqlStatement("SELECT 1 AS free WHERE NOT EXISTS (SELECT 1 FROM feed_cursor WHERE consumer = @c)", ("c", scope)));
            var take = new SqlStatement("INSERT INTO feed_cursor (consumer, position) VALUES (@c, @p)", ("c", scope), ("p", 1L));
            return (scope, outcome: await stores[i % stores.Count].Writer.CommitAsync(Unit() with { Guards = [free], Scope = scope, Sql = [take] }, Ct));
        }));

        Assert.Equal(scopes, outcomes.Where(o => o.outcome is Committed).Select(o => o.scope).Distinct().Count());
        Assert.Equal(2 * scopes, outcomes.Count(o => o.outcome is Unmet));
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_memo_is_of_what_its_unit_became()
    {
        await using var store = (await OpenAsync(1))[0];
        await store.CommitAsync(Create(Widget("before")));

        await store.Writer.CommitAsync(Unit(Create(Widget("a")), Create(Widget("b"))) with
        {
            Memo = done => new SqlStatement("INSERT INTO feed_cursor (consumer, position) VALUES (@c, @p)", ("c", "memo"), ("p", done.Versions[1])),
        }, Ct);

        await using var connection = await store.Database.OpenAsync(Ct);
        await using var command = connection.Command("SELECT position FROM feed_cursor WHERE consumer = 'memo'");
        Assert.Equal(3L, await command.ExecuteScalarAsync(Ct));
    }

    [Fact]
    public async Task A_unit_whose_statement_fails_is_answered_alone()
    {
        await using var store = (await OpenAsync(1))[0];
        var broken = Unit(Create(Widget("bad"))) with { Sql = [new SqlStatement("INSERT INTO there_is_no_such_table (a) VALUES (1)")] };

        var good = Enumerable.Range(0, 20).Select(i => store.CommitAsync(Create(Widget($"g{i}")))).ToList();
        var failing = store.Writer.CommitAsync(broken, Ct);
        good.AddRange(Enumerable.Range(20, 20).Select(i => store.CommitAsync(Create(Widget($"g{i}")))));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => failing);
        Assert.All(await Task.WhenAll(good), outcome => Assert.IsType<Committed>(outcome));
        Assert.Null(await store.Resources.FindAsync(Widget("bad"), Ct));
        Assert.Equal(40, await store.Reader.HeadAsync(Ct));
    }

    [Fact]
    public async Task The_sequence_has_no_gap_and_every_row_its_proof_whoever_writes()
    {
        var stores = await OpenAsync(MaxProcesses);
        const int each = 400;

        await Task.WhenAll(stores.SelectMany((store, p) => Enumerable.Range(0, each).Select(i => store.CommitAsync(Create(Widget($"w{p}-{i}"))))));

        var size = each * stores.Count;
        var log = stores[0].Log;
        var rows = new List<CommittedRow>();
        while (await stores[0].Reader.ReadAsync(rows.Count, 500, Ct) is { Count: > 0 } page)
        {
            rows.AddRange(page);
        }

        Assert.Equal(Enumerable.Range(1, size).Select(i => (long)i), rows.Select(r => r.Sequence));
        var head = await log.HeadAsync(Ct);
        Assert.Equal(size, head.Size);
        var leaves = await LeavesAsync(stores[0], size);
        for (var sequence = 1; sequence <= size; sequence += sequence < 10 ? 1 : 37)
        {
            var proof = await log.InclusionAsync(sequence, size, Ct);
            Assert.True(MerkleProof.VerifyInclusion(sequence - 1, size, leaves[sequence - 1].AsSpan(), Bytes(proof), head.Root.AsSpan()));
        }

        foreach (var old in new[] { 1, 255, 256, 257, size - 1 }.Where(o => o < size))
        {
            var oldRoot = Assert.IsType<MerkleHash>(RootOf(leaves.AsSpan(0, old)));
            var proof = await log.ConsistencyAsync(old, size, Ct);
            Assert.True(MerkleProof.VerifyConsistency(old, size, oldRoot.AsSpan(), head.Root.AsSpan(), Bytes(proof)));
        }

        await CloseAsync(stores);
    }

    [Fact]
    public async Task A_watcher_sees_every_commit_once_and_in_order_whoever_writes()
    {
        var stores = await OpenAsync(MaxProcesses);
        const int each = 300;
        var size = each * stores.Count;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var watchers = stores.Select(store => WatchAsync(store.Tail, size, end.Token)).ToList();

        await Task.WhenAll(stores.SelectMany((store, p) => Enumerable.Range(0, each).Select(i => store.CommitAsync(Create(Widget($"w{p}-{i}"))))));

        foreach (var seen in await Task.WhenAll(watchers))
        {
            Assert.Equal(Enumerable.Range(1, size).Select(i => (long)i), seen);
        }

        await end.CancelAsync();
        await CloseAsync(stores);
    }

    [Fact]
    public async Task A_watcher_that_comes_late_reads_every_version_from_the_store()
    {
        await using var store = (await OpenAsync(1))[0];
        await store.CommitAsync(Create(Widget("a"), "one", """{"app":"x"}"""));
        await store.CommitAsync(Update(Widget("a"), 1, "two", """{"app":"y"}"""));
        await store.CommitAsync(Delete(Widget("a"), 2));

        var rows = await store.Reader.ReadAsync(0, 10, Ct);

        Assert.Equal([ChangeType.Added, ChangeType.Modified, ChangeType.Deleted], rows.Select(r => r.Change));
        Assert.Equal(["one", "two", "gone"], rows.Select(r => JsonNode.Parse(r.Body.Span)!["spec"]!.GetValue<string>()));
        Assert.Equal([null, """{"app":"x"}""", """{"app":"y"}"""], rows.Select(r => r.OldLabels));
        Assert.Null(await store.Resources.FindAsync(Widget("a"), Ct));
    }

    [Fact]
    public async Task Changes_of_one_resource_within_a_group_all_keep_their_revision()
    {
        await using var store = (await OpenAsync(1))[0];
        await store.CommitAsync(Create(Widget("a"), "v1"));

        // One unit may write a resource once; a group of units may write it often.
        var next = store.CommitAsync(Update(Widget("a"), 1, "v2"));
        var after = store.CommitAsync(Update(Widget("a"), 2, "v3"));
        await Task.WhenAll(next, after);

        var versions = (await store.Reader.ReadAsync(0, 10, Ct)).Select(r => JsonNode.Parse(r.Body.Span)!["spec"]!.GetValue<string>());
        Assert.Equal(["v1", "v2", "v3"], versions);
    }

    [Fact]
    public async Task The_newest_come_first_page_by_page_whatever_they_are_called_and_however_they_changed()
    {
        await using var store = (await OpenAsync(1))[0];
        foreach (var name in new[] { "m", "z", "a", "k", "b" })
        {
            await store.CommitAsync(Create(Widget(name), "1"));
        }

        var names = new List<string>();
        long? before = null;
        do
        {
            var page = await store.Resources.NewestAsync(Widgets, "default", 2, before, Ct);
            Assert.InRange(page.Items.Count, 1, 2);
            names.AddRange(page.Items.Select(i => i.Key.Name));
            before = page.Before;
        }
        while (before is not null);

        Assert.Equal(["b", "k", "a", "z", "m"], names);
    }

    [Fact]
    public async Task Lists_select_by_label_and_page_in_the_order_of_names()
    {
        await using var store = (await OpenAsync(1))[0];
        foreach (var i in Enumerable.Range(0, 25))
        {
            await store.CommitAsync(Create(Widget($"w{i:00}"), "1", i % 2 == 0 ? """{"app":"even","tier":"a"}""" : """{"app":"odd"}"""));
        }

        async Task<string[]> Select(string selector)
        {
            Assert.True(LabelSelector.TryParse(selector, out var labels, out _));
            return [.. (await store.Resources.ListAsync(new ListQuery(Widgets, "default", labels), Ct)).Items.Select(i => i.Key.Name)];
        }

        Assert.Equal(13, (await Select("app=even")).Length);
        Assert.Equal(12, (await Select("app!=even")).Length);
        Assert.Equal(25, (await Select("app in (even,odd)")).Length);
        Assert.Equal(12, (await Select("!tier")).Length);
        Assert.Equal(13, (await Select("tier,app notin (odd)")).Length);

        var names = new List<string>();
        (string, string)? after = null;
        ListPage page;
        do
        {
            page = await store.Resources.ListAsync(new ListQuery(Widgets, null, null, null, 10, after), Ct);
            names.AddRange(page.Items.Select(i => i.Key.Name));
            after = (page.Items[^1].Key.Namespace, page.Items[^1].Key.Name);
        }
        while (page.More);
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"w{i:00}"), names);
        Assert.Equal(25, page.Version);
    }

    [Fact]
    public async Task A_secret_is_nowhere_in_clear_text_and_the_ledger_commits_to_it_with_salt()
    {
        await using var store = (await OpenAsync(1))[0];
        var (one, two) = (new ResourceKey(new KindId("secrets", ""), "default", "one"), new ResourceKey(new KindId("secrets", ""), "default", "two"));
        await store.CommitAsync(Create(one, "canary-Zx81", kind: "Secret", isSealed: true));
        await store.CommitAsync(Create(two, "canary-Zx81", kind: "Secret", isSealed: true));

        Assert.Equal("canary-Zx81", (await store.Resources.FindAsync(one, Ct))!.ToDocument()["spec"]!.GetValue<string>());
        await using var connection = await store.Database.OpenAsync(Ct);
        await using var command = connection.Command("SELECT body FROM resource UNION ALL SELECT entry FROM ledger");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
        {
            Assert.DoesNotContain("canary-Zx81", Encoding.Latin1.GetString(reader.GetFieldValue<byte[]>(0)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_wake_up_during_a_reconcile_is_not_cleared_by_its_end()
    {
        await using var store = (await OpenAsync(1))[0];
        var due = new DueIndex(store.Database, store.Writer);
        var now = TimeProvider.System.GetUtcNow();
        await due.SetAsync([new DueChange("claim", "a", now)], Ct);
        var running = Assert.Single(await AllDueAsync(due, now));

        await due.SetAsync([new DueChange("claim", "a", now)], Ct);
        await due.SetAsync([new DueChange("claim", "a", null, 0, running.Stamp)], Ct);

        var again = Assert.Single(await AllDueAsync(due, now));
        await due.SetAsync([new DueChange("claim", "a", null, 0, again.Stamp)], Ct);
        Assert.Empty(await AllDueAsync(due, now));
    }

    [Fact]
    public async Task A_wake_up_brings_the_time_forward_and_never_back()
    {
        await using var store = (await OpenAsync(1))[0];
        var due = new DueIndex(store.Database, store.Writer);
        var now = TimeProvider.System.GetUtcNow();
        await due.SetAsync([new DueChange("claim", "a", now)], Ct);
        await due.SetAsync([new DueChange("claim", "a", now + TimeSpan.FromHours(1))], Ct);

        Assert.Single(await AllDueAsync(due, now));
    }

    [Fact]
    public async Task Data_of_a_newer_release_are_refused_by_name()
    {
        await using var store = (await OpenAsync(1))[0];
        await store.Writer.CommitAsync(
            new Unit { Actor = new Actor("u-test"), Origin = "api", Sql = [new SqlStatement("UPDATE schema_version SET version = 99 WHERE component = 'kernel'")] }, Ct);

        var refusal = await Assert.ThrowsAsync<NewerDataException>(
            () => Migrator.ApplyAsync(store.Database, [new MigrationSource("kernel", typeof(PlatformModule).Assembly)], Ct));

        Assert.Contains("version 99 of 'kernel'", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<DueEntry>> AllDueAsync(DueIndex due, DateTimeOffset until)
    {
        var entries = new List<DueEntry>();
        for (var partition = 0; partition < DuePartition.Count; partition++)
        {
            entries.AddRange(await due.ReadAsync(partition, until, 100, Ct));
        }

        return entries;
    }

    private static async Task<List<long>> WatchAsync(LedgerTail tail, int count, CancellationToken ct)
    {
        var seen = new List<long>();
        await foreach (var rows in tail.FollowAsync(0, Idle, ct))
        {
            Assert.True(rows.Count > 0, $"No row in {Idle}; {seen.Count} of {count} seen, the head is {tail.Head}.");
            seen.AddRange(rows.Select(r => r.Sequence));
            if (seen.Count >= count)
            {
                break;
            }
        }

        return seen;
    }

    private static async Task<MerkleHash[]> LeavesAsync(KernelStore store, int size)
    {
        await using var connection = await store.Database.OpenAsync(Ct);
        await using var command = connection.Command("SELECT entry FROM ledger ORDER BY seq");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var leaves = new List<MerkleHash>(size);
        while (await reader.ReadAsync(Ct))
        {
            leaves.Add(MerkleHash.OfLeaf(reader.GetFieldValue<byte[]>(0)));
        }

        return [.. leaves];
    }

    private static MerkleHash RootOf(ReadOnlySpan<MerkleHash> leaves)
    {
        Assert.True(CompactRange.TryRead(0, [], out var range));
        return range.Append(leaves).Root;
    }

    private static List<ReadOnlyMemory<byte>> Bytes(IReadOnlyList<MerkleHash> hashes) => [.. hashes.Select(h => (ReadOnlyMemory<byte>)h.ToArray())];

    private static async Task CloseAsync(IReadOnlyList<KernelStore> stores)
    {
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    private static ResourceWrite WithStatus(ResourceKey key, string status)
    {
        var write = Create(key);
        return write with
        {
            Body = ResourceBody.From(new JsonObject
            {
                ["apiVersion"] = "example.com/v1",
                ["kind"] = "Widget",
                ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = write.Uid, ["generation"] = 3 },
                ["status"] = JsonNode.Parse(status),
            }),
        };
    }
}
