using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Exceptions;
using Code = Temporalio.Exceptions.RpcException.StatusCode;

namespace Flagstone.Workflows.Tests.Nexus;

/// <summary>Endpoints by Temporal's API, and as the resources that they are.</summary>
public sealed class NexusEndpointTests(HostFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_endpoint_is_made_read_changed_and_deleted_and_each_step_is_in_the_ledger()
    {
        var client = await fixture.ConnectAsync();
        var spec = NexusBench.Spec(NexusBench.NewName(), "first");
        spec.Description = client.Options.DataConverter.PayloadConverter.ToPayload("Says hello.");

        var made = (await client.OperatorService.CreateNexusEndpointAsync(new CreateNexusEndpointRequest { Spec = spec })).Endpoint;
        Assert.Equal((1, spec), (made.Version, made.Spec));
        Assert.Equal(made, (await client.OperatorService.GetNexusEndpointAsync(new GetNexusEndpointRequest { Id = made.Id })).Endpoint);
        var other = NexusBench.Spec(spec.Name, "second");
        var change = new UpdateNexusEndpointRequest { Id = made.Id, Version = 1, Spec = other };
        var changed = (await client.OperatorService.UpdateNexusEndpointAsync(change)).Endpoint;
        Assert.Equal((made.Id, 2L, "second"), (changed.Id, changed.Version, changed.Spec.Target.Worker.TaskQueue));
        await RefusedAsync(Code.FailedPrecondition, () => client.OperatorService.UpdateNexusEndpointAsync(change));
        var deletion = new DeleteNexusEndpointRequest { Id = made.Id, Version = 1 };
        await RefusedAsync(Code.FailedPrecondition, () => client.OperatorService.DeleteNexusEndpointAsync(deletion));
        await client.OperatorService.DeleteNexusEndpointAsync(new DeleteNexusEndpointRequest { Id = made.Id, Version = 2 });

        await RefusedAsync(Code.NotFound, () => client.OperatorService.GetNexusEndpointAsync(new GetNexusEndpointRequest { Id = made.Id }));
        using var rest = fixture.Host.Client();
        var history = await rest.GetFromJsonAsync<JsonObject>($"/api/v1/history/nexusendpoints.workflows.flagstone.dev/{spec.Name}", Ct);
        Assert.Equal(["delete", "update", "create"], history!["items"]!.AsArray().Select(i => i!["verb"]!.ToString()));
    }

    [Fact]
    public async Task Endpoints_are_listed_page_by_page_and_found_by_name()
    {
        var client = await fixture.ConnectAsync();
        var names = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            names.Add((await NexusBench.CreateAsync(client, "queue")).Spec.Name);
        }

        var listed = new List<string>();
        var token = ByteString.Empty;
        do
        {
            var page = await client.OperatorService.ListNexusEndpointsAsync(new ListNexusEndpointsRequest { PageSize = 2, NextPageToken = token });
            Assert.True(page.Endpoints.Count <= 2);
            listed.AddRange(page.Endpoints.Select(e => e.Spec.Name));
            token = page.NextPageToken;
        }
        while (!token.IsEmpty);

        Assert.Empty(names.Except(listed));
        Assert.Equal(listed.Count, listed.Distinct().Count());
        var found = await client.OperatorService.ListNexusEndpointsAsync(new ListNexusEndpointsRequest { Name = names[1] });
        Assert.Equal(names[1], Assert.Single(found.Endpoints).Spec.Name);
        Assert.Empty((await client.OperatorService.ListNexusEndpointsAsync(new ListNexusEndpointsRequest { Name = NexusBench.NewName() })).Endpoints);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("1st")]
    [InlineData("with_line")]
    [InlineData("ends-")]
    [InlineData("")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        var client = await fixture.ConnectAsync();

        await RefusedAsync(Code.InvalidArgument, () => NexusBench.CreateAsync(client, "queue", name));
    }

    [Fact]
    public async Task A_name_is_taken_once_and_its_namespace_must_be_there()
    {
        var client = await fixture.ConnectAsync();
        var name = (await NexusBench.CreateAsync(client, "queue")).Spec.Name;

        await RefusedAsync(Code.AlreadyExists, () => NexusBench.CreateAsync(client, "queue", name));
        var elsewhere = new CreateNexusEndpointRequest { Spec = NexusBench.Spec(NexusBench.NewName(), "queue", "nowhere") };
        await RefusedAsync(Code.FailedPrecondition, () => client.OperatorService.CreateNexusEndpointAsync(elsewhere));
        var outside = new CreateNexusEndpointRequest
        {
            Spec = new() { Name = NexusBench.NewName(), Target = new() { External = new() { Url = "https://example.com" } } },
        };
        await RefusedAsync(Code.Unimplemented, () => client.OperatorService.CreateNexusEndpointAsync(outside));
    }

    [Fact]
    public async Task Workers_that_poll_for_nexus_show_in_their_queue()
    {
        await using var bench = await NexusBench.StartAsync(await fixture.ConnectAsync());
        await (await bench.CallAsync("Greet", "Ada")).GetResultAsync();

        var described = await bench.Client.WorkflowService.DescribeTaskQueueAsync(new()
        {
            Namespace = "default", TaskQueue = new() { Name = bench.Worker.Queue }, TaskQueueType = Temporalio.Api.Enums.V1.TaskQueueType.Nexus,
        });

        Assert.Equal(bench.Client.Connection.Options.Identity, Assert.Single(described.Pollers).Identity);
    }

    private static async Task RefusedAsync(Code code, Func<Task> call) => Assert.Equal(code, (await Assert.ThrowsAsync<RpcException>(call)).Code);
}
