using Temporalio.Api.Common.V1;
using Temporalio.Client;
using Temporalio.Client.Interceptors;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.TimeSkipping;

/// <summary>Lets the clock of each workflow jump that a client starts; what docs/guides/temporal.md tells a user to write.</summary>
public sealed class SkipTime : IClientInterceptor
{
    public ClientOutboundInterceptor InterceptClient(ClientOutboundInterceptor nextInterceptor) => new Outbound(nextInterceptor);

    private sealed class Outbound(ClientOutboundInterceptor next) : ClientOutboundInterceptor(next)
    {
        public override async Task<WorkflowHandle<TWorkflow, TResult>> StartWorkflowAsync<TWorkflow, TResult>(StartWorkflowInput input)
        {
            var handle = await base.StartWorkflowAsync<TWorkflow, TResult>(input);
            try
            {
                await handle.Client.WorkflowService.UpdateWorkflowExecutionOptionsAsync(new()
                {
                    Namespace = handle.Client.Options.Namespace,
                    WorkflowExecution = new() { WorkflowId = handle.Id },
                    WorkflowExecutionOptions = new() { TimeSkippingConfig = new TimeSkippingConfig { Enabled = true } },
                    UpdateMask = new() { Paths = { "time_skipping_config" } },
                });
            }
            catch (RpcException e) when (e.Code == RpcException.StatusCode.NotFound)
            {
                // It has ended already, and had no time to skip.
            }

            return handle;
        }
    }
}
