using Charging.Bench;

return args switch
{
    ["status", .. var rest] => await StatusIntake.RunAsync(rest),
    ["store", .. var rest] => await StoreBench.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        dotnet run -c Release --project bench/Charging.Bench -- <what>
          status [seconds] [rounds]  P4: pile statuses in, against Mosquitto with one subscriber
          store [seconds] [rounds]   P2b: store operations against pgbench -N
        """);
    return 1;
}
