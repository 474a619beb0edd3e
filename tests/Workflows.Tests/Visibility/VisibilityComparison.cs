using Flagstone.Platform;
using Flagstone.Platform.Storage;
using Flagstone.Testing;
using Flagstone.Workflows.Visibility;
using Flagstone.Workflows.Visibility.Queries;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>Lists and counts of the database are those of a plain evaluation over the same runs.</summary>
public abstract class VisibilityComparison : IAsyncLifetime
{
    private const int Runs = 300;
    private const int Queries = 600;

    private readonly List<SampleRun> runs = [];
    private PlatformDatabase? database;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private protected abstract Task<PlatformDatabase> OpenAsync(CancellationToken ct);

    public async ValueTask InitializeAsync()
    {
        database = await OpenAsync(Ct);
        await Migrator.ApplyAsync(database, [new MigrationSource("kernel", typeof(PlatformModule).Assembly), WorkflowsModule.Migrations], Ct);
        var random = new RandomRuns(new Random(7));
        await using var connection = await database.OpenAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        for (var i = 0; i < Runs; i++)
        {
            // One in ten is of another namespace, and must never show.
            var run = random.Next(i % 10 == 0 ? "other" : "ns");
            foreach (var statement in VisibilityRows.Of(run.Begun).Concat(run.Closed is null ? [] : VisibilityRows.Of(run.Closed)))
            {
                await using var command = connection.Command(statement.Text, statement.Parameters);
                command.Transaction = transaction;
                await command.ExecuteNonQueryAsync(Ct);
            }

            if (i % 10 != 0)
            {
                runs.Add(run);
            }
        }

        await transaction.CommitAsync(Ct);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await database!.DisposeAsync();
    }

    [Fact]
    public async Task The_database_answers_as_a_plain_evaluation_does()
    {
        var store = new VisibilityStore(database!);
        var queries = new RandomQueries(new Random(11));
        var met = 0;
        for (var i = 0; i < Queries; i++)
        {
            var where = queries.Next(i % 4);
            var compiled = QueryCompiler.Compile("ns", QueryParser.Parse(where.ToString()).Where, RandomRuns.Attributes);
            var expected = Ordered(runs.Where(r => PlainEvaluation.Matches(where, r)));
            met += expected.Count;

            var listed = await store.ListAsync(compiled, null, 0, Ct);
            Assert.True(expected.SequenceEqual(listed.Runs.Select(r => r.Execution.RunId)), $"{where}\nlists {listed.Runs.Count} runs, and should list {expected.Count}.");
            Assert.Null(listed.Next);
            Assert.Equal(expected.Count, await store.CountAsync(compiled, Ct));
        }

        // Neither all nor nothing: the queries tell runs apart.
        Assert.InRange(met, Queries * runs.Count / 10, Queries * runs.Count * 9 / 10);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ExecutionStatus = 'Running'")]
    [InlineData("Flag = true")]
    [InlineData("Tags = 'a' AND ExecutionStatus != 'Running'")]
    [InlineData("StartTime >= '2026-01-01T02:00:00Z'")]
    public async Task Pages_give_each_run_once_and_in_order(string query)
    {
        var store = new VisibilityStore(database!);
        var parsed = QueryParser.Parse(query).Where;
        var compiled = QueryCompiler.Compile("ns", parsed, RandomRuns.Attributes);
        var (seen, after) = (new List<string>(), (ListPosition?)null);
        do
        {
            (var page, after) = await store.ListAsync(compiled, after, 7, Ct);
            Assert.InRange(page.Count, 1, 7);
            seen.AddRange(page.Select(r => r.Execution.RunId));
        }
        while (after is not null);

        Assert.Equal(Ordered(runs.Where(r => PlainEvaluation.Matches(parsed, r))), seen);
    }

    [Fact]
    public async Task Groups_are_counted_by_status()
    {
        var compiled = QueryCompiler.Compile("ns", QueryParser.Parse("Flag = true").Where, RandomRuns.Attributes);
        var counts = await new VisibilityStore(database!).CountByStatusAsync(compiled, Ct);

        var expected = runs.Where(r => r["Flag"] is true).GroupBy(r => (string)r["ExecutionStatus"]!).Select(g => (Enum.Parse<WorkflowExecutionStatus>(g.Key), (long)g.Count()));
        Assert.Equal(expected.Order(), counts.Order());
    }

    private static List<string> Ordered(IEnumerable<SampleRun> some) => [.. some
        .OrderByDescending(r => (DateTimeOffset?)r["CloseTime"] ?? DateTimeOffset.MaxValue).ThenByDescending(r => (DateTimeOffset)r["StartTime"]!)
        .ThenByDescending(r => r.Id, StringComparer.Ordinal).Select(r => r.Id)];
}

public sealed class SqliteVisibilityTests : VisibilityComparison
{
    private readonly string folder = Directory.CreateTempSubdirectory("flagstone-visibility-").FullName;

    private protected override Task<PlatformDatabase> OpenAsync(CancellationToken ct) => Task.FromResult<PlatformDatabase>(new SqliteDatabase(Path.Combine(folder, "test.db")));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

public sealed class PostgresVisibilityTests(PostgresVisibilityTests.Server server) : VisibilityComparison, IClassFixture<PostgresVisibilityTests.Server>
{
    private protected override async Task<PlatformDatabase> OpenAsync(CancellationToken ct) => new PostgresDatabase(PostgresUrl.ToConnectionString(await server.Postgres.CreateDatabaseAsync(ct)));

    /// <summary>One server for all tests of the class, each with a database of its own.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private PrivatePostgres? postgres;

        public PrivatePostgres Postgres => postgres!;

        public async ValueTask InitializeAsync() => postgres = await PrivatePostgres.StartAsync(CancellationToken.None);

        public ValueTask DisposeAsync() => postgres!.DisposeAsync();
    }
}
