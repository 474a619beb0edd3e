using System.ComponentModel.DataAnnotations;
using System.Text;
using Flagstone.Workflows.Archiving;
using Flagstone.Workflows.Discarding;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Visibility.Queries;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Tests.Archiving;

/// <summary>What needs no engine: names, queries, the setting, and what is written.</summary>
public sealed class ArchiveRuleTests : IDisposable
{
    private static readonly string Run = Guid.CreateVersion7().ToString();

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-archive-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("order-1_a.b", "order-1_a.b")]
    [InlineData("..", "%2E.")]
    [InlineData("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd")]
    [InlineData(".hidden", "%2Ehidden")]
    [InlineData("a%2Fb", "a%252Fb")]
    [InlineData("Ünion\n", "%C3%9Cnion%0A")]
    public void A_name_becomes_one_that_stays_in_its_folder(string name, string file) => Assert.Equal(file, ArchiveNames.Escape(name));

    [Fact]
    public void Long_names_fit_a_file_system_and_stay_apart()
    {
        var (one, other) = (ArchiveNames.Escape(new string('/', 1_000)), ArchiveNames.Escape(new string('/', 999)));

        Assert.NotEqual(one, other);
        Assert.All([one, other], n => Assert.InRange(Encoding.UTF8.GetByteCount(n), 1, 180));
        Assert.InRange(ArchiveNames.Namespace(new string('n', 300), Run).Length, 1, 255);
    }

    [Theory]
    [InlineData("")]
    [InlineData("WorkflowId = 'one'")]
    [InlineData("CloseTime BETWEEN '2026-01-01T00:00:00Z' AND '2026-01-03T00:00:00Z' AND WorkflowId = 'one'")]
    [InlineData("CloseTime > '2026-01-01T00:00:00Z'")]
    [InlineData("CloseTime = '2026-01-02T00:00:00Z'")]
    public void A_query_finds_what_it_names(string query) => Assert.True(ArchiveQuery.Parse(query).Matches(Record("one")));

    [Theory]
    [InlineData("WorkflowId = 'two'")]
    [InlineData("WorkflowId = 'one' AND WorkflowId = 'two'")]
    [InlineData("RunId = 'other'")]
    [InlineData("CloseTime < '2026-01-02T00:00:00Z'")]
    [InlineData("CloseTime != '2026-01-02T00:00:00Z'")]
    public void A_query_finds_nothing_else(string query) => Assert.False(ArchiveQuery.Parse(query).Matches(Record("one")));

    [Theory]
    [InlineData("WorkflowType = 'Any'", "WorkflowType = 'Any' cannot be asked of archived executions")]
    [InlineData("WorkflowId STARTS_WITH 'a'", "WorkflowId STARTS_WITH 'a' cannot be asked")]
    [InlineData("WorkflowId = 'a' OR RunId = 'b'", "joined by AND")]
    [InlineData("CloseTime > 'yesterday'", "is no value of CloseTime")]
    public void Another_query_is_refused_by_name(string query, string why) =>
        Assert.Contains(why, Assert.Throws<QueryException>(() => ArchiveQuery.Parse(query)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_setting_that_is_no_folder_of_the_platform_stops_the_start()
    {
        var file = Path.Combine(folder.FullName, "file");
        File.WriteAllText(file, "");

        Assert.Contains("no absolute path", Assert.Throws<ValidationException>(() => ArchiveFolder.Open("archive")).Message, StringComparison.Ordinal);
        Assert.Contains("cannot write", Assert.Throws<ValidationException>(() => ArchiveFolder.Open(file)).Message, StringComparison.Ordinal);
        Assert.False(ArchiveFolder.Open("").IsThere);
        Assert.Equal($"file://{folder.FullName}/new", ArchiveFolder.Open($"{folder.FullName}/new/").Uri);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(folder.FullName, "new")));
    }

    [Fact]
    public async Task Without_an_archive_no_run_of_a_namespace_that_archives_may_be_deleted()
    {
        var archiver = new Archiver(new ArchiveStore(ArchiveFolder.Open("")), null!);

        var taken = await archiver.TakeAsync(Namespace, [new Discardable("one", Run)]);

        Assert.Empty(taken.Taken);
        Assert.Contains(ArchiveFolder.Setting, taken.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_breaks_off_leaves_what_was_there()
    {
        var store = new ArchiveStore(ArchiveFolder.Open(folder.FullName));
        var (record, closed) = (Record("one"), DateTimeOffset.UnixEpoch);
        await store.WriteAsync(Namespace, record, closed, Events(2, fails: false));

        await Assert.ThrowsAsync<IOException>(() => store.WriteAsync(Namespace, record, closed, Events(1, fails: true)));

        Assert.Equal([1, 2], await store.EventsAsync(Namespace, record.Execution, 1, Ct).Select(e => e.EventId).ToListAsync(Ct));
        Assert.Equal(record, await store.FindAsync(Namespace, record.Execution, Ct));
        await store.WriteAsync(Namespace, record, closed, Events(3, fails: false));
        Assert.Equal([2, 3], await store.EventsAsync(Namespace, record.Execution, 2, Ct).Select(e => e.EventId).ToListAsync(Ct));
    }

    private static WorkflowNamespace Namespace { get; } = new("uid", "name", false, [], false, true);

    private static WorkflowExecutionInfo Record(string id) => new()
    {
        Execution = new() { WorkflowId = id, RunId = Run }, Type = new() { Name = "Any" }, CloseTime = Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero)),
    };

    private static async IAsyncEnumerable<HistoryEvent> Events(int count, bool fails)
    {
        for (var i = 1; i <= count; i++)
        {
            yield return await Task.FromResult(new HistoryEvent { EventId = i });
        }

        if (fails)
        {
            throw new IOException("No space left on device");
        }
    }
}
